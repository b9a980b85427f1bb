#include "node/ready.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "node/say.h"

enum { ANSWER_S = 5 }; /* /readyz answers within a second */

static const char REQUEST[] =
    "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* Where this machine reaches what listens on all of its addresses. */
static const char *reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

/* The connected socket, or -errno. */
static int reach(const char *host, int port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                               .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	const struct timeval patience = {.tv_sec = ANSWER_S};
	struct addrinfo *address;
	char service[16];
	int fd, rc = 0;

	assert(port > 0 && port <= 65535);
	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(reachable(host), service, &hints, &address) != 0)
		return -EADDRNOTAVAIL;
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
	    connect(fd, address->ai_addr, address->ai_addrlen) != 0)
		rc = -errno;
	freeaddrinfo(address);
	if (rc < 0 && fd >= 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

/* The status of the answer, or -errno. */
static int ask(int fd)
{
	char head[64] = "";
	size_t length = 0;
	int status = 0;

	if (send(fd, REQUEST, sizeof(REQUEST) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(REQUEST) - 1)
		return -errno;
	while (length < sizeof(head) - 1) {
		ssize_t count = recv(fd, head + length, sizeof(head) - 1 - length, 0);

		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	return sscanf(head, "HTTP/1.1 %d", &status) == 1 ? status : -EPROTO;
}

int ready_main(const struct config *config)
{
	char host[80];
	int port = 0;
	bool good = config_split_listen(config->listen, host, sizeof(host), &port);
	int fd, status;

	assert(good); /* config_load has validated it */
	if (port == 0) {
		say("ready: SEBEZ_LISTEN names no port");
		return 1;
	}
	fd = reach(host, port);
	status = fd < 0 ? fd : ask(fd);
	if (fd >= 0)
		close(fd);
	if (status < 0)
		say("ready: %s does not answer: %s", config->listen, strerror(-status));
	else
		printf("%s\n", status == 200 ? "ready" : "not ready");
	return status == 200 ? 0 : 1;
}
