/*
 * sockets: the listening sockets. The supervisor opens one per api process, in one SO_REUSEPORT
 * group, so that the kernel spreads connections evenly, and keeps them for as long as it lives: a
 * process that dies or is replaced leaves its queue of connections to its successor.
 */
#ifndef SEBEZ_NODE_SOCKETS_H
#define SEBEZ_NODE_SOCKETS_H

/* Opens `count` sockets. With port 0 all get the same free one. ret_port is the port in use.
 * Says what went wrong and returns -errno. */
int sockets_open(const char *listen, int count, int ret_fds[], int *ret_port)
    __attribute__((warn_unused_result));

#endif
