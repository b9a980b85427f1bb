/*
 * listen: parses addresses to listen on and opens their sockets.
 *
 * "127.0.0.1:8080", "[::1]:8080" or "unix:/path". Names are not resolved. Port 0 takes a free one.
 */
#ifndef SEBEZ_NET_LISTEN_H
#define SEBEZ_NET_LISTEN_H

#include <sys/socket.h>

struct listen_address {
	struct sockaddr_storage address;
	socklen_t length; /* bytes of it in use */
};

int listen_parse(const char *text, struct listen_address *ret)
    __attribute__((warn_unused_result)); /* -EINVAL */

/*
 * A non-blocking listening socket. TCP ones share their port among processes (SO_REUSEPORT). A
 * stale socket file is replaced. Returns -errno of the system call.
 */
int listen_open(const struct listen_address *address, int *ret_fd)
    __attribute__((warn_unused_result));

int listen_port(int fd); /* the TCP port it is bound to, 0 for a unix socket */

#endif
