/*
 * sockets: the listening sockets. The supervisor opens one per api process in one SO_REUSEPORT
 * group, so that the kernel spreads connections evenly, and keeps them open for its lifetime: the
 * successor of a process that dies or is replaced inherits its queue of connections.
 */
#ifndef SEBEZ_NODE_SOCKETS_H
#define SEBEZ_NODE_SOCKETS_H

/* Opens `count` sockets. With port 0 all get the same free port. ret_port is the port in use.
 * Prints the error and returns -errno on failure. */
int sockets_open(const char *listen, int count, int ret_fds[], int *ret_port)
    __attribute__((warn_unused_result));

#endif
