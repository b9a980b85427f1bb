#include "node/sockets.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "node/config.h"
#include "node/say.h"

enum {
	BACKLOG = 4096, /* the kernel caps it at net.core.somaxconn */
	/* How long a port may be in use by the processes of a server that was killed: they close it
	 * as soon as they see that, and end a moment later. */
	IN_USE_TRIES = 30,
	IN_USE_PAUSE_MS = 100,
};

struct address {
	struct sockaddr_storage bytes;
	socklen_t length;
};

static int look_up(const char *listen_text, struct address *ret)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                         .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found;
	char host[80], port_text[16];
	int port = 0;
	bool valid = config_split_listen(listen_text, host, sizeof(host), &port);
	int rc;

	assert(valid);
	snprintf(port_text, sizeof(port_text), "%d", port);
	rc = getaddrinfo(host, port_text, &hints, &found);
	if (rc != 0) {
		say("SEBEZ_LISTEN: %s: %s", host, gai_strerror(rc));
		return -EINVAL;
	}
	assert(found->ai_addrlen <= sizeof(ret->bytes));
	memcpy(&ret->bytes, found->ai_addr, found->ai_addrlen);
	ret->length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int open_one(const struct address *address, bool shared)
{
	int on = 1;
	int rc = 0;
	int fd = socket(address->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
	    bind(fd, (const struct sockaddr *)&address->bytes, address->length) != 0 ||
	    (shared && listen(fd, BACKLOG) != 0))
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* Another server of the same user could join this SO_REUSEPORT group unnoticed, and vice versa: so
 * the port is first bound exclusively. */
static int open_probe(const struct address *address)
{
	const struct timespec pause = {.tv_nsec = IN_USE_PAUSE_MS * 1000L * 1000L};
	int fd = open_one(address, false);

	for (int i = 0; fd == -EADDRINUSE && i < IN_USE_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = open_one(address, false);
	}
	return fd;
}

static int port_of(int fd, struct address *address)
{
	address->length = sizeof(address->bytes);
	getsockname(fd, (struct sockaddr *)&address->bytes, &address->length);
	if (address->bytes.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address->bytes)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address->bytes)->sin_port);
}

int sockets_open(const char *listen_text, int count, int ret_fds[], int *ret_port)
{
	struct address address;
	int rc = look_up(listen_text, &address);
	int probe;

	assert(count > 0);
	if (rc < 0)
		return rc;
	probe = open_probe(&address);
	if (probe < 0) {
		say("cannot listen on %s (SEBEZ_LISTEN): %s", listen_text, strerror(-probe));
		return probe;
	}
	*ret_port = port_of(probe, &address);
	assert(*ret_port > 0 && *ret_port <= 65535);
	close(probe);
	for (int i = 0; i < count; i++) {
		ret_fds[i] = open_one(&address, true);
		if (ret_fds[i] < 0) {
			say("cannot listen on %s: %s", listen_text, strerror(-ret_fds[i]));
			return ret_fds[i];
		}
	}
	return 0;
}
