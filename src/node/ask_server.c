#include "node/ask_server.h"

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

/* The whole answer as text; its length, or -errno. */
static ssize_t exchange(int fd, const char *path, char *ret, size_t size)
{
	char request[256];
	int length =
	    snprintf(request, sizeof(request),
	             "GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	size_t got = 0;

	assert(length > 0 && (size_t)length < sizeof(request) && size > 1);
	if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		return -errno;
	while (got < size - 1) {
		ssize_t count = recv(fd, ret + got, size - 1 - got, 0);

		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		got += (size_t)count;
	}
	ret[got] = '\0';
	return (ssize_t)got;
}

/* Leaves the body alone; the status, or -EPROTO. */
static int take_head(char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	int status = 0;

	if (body == NULL || sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
		return -EPROTO;
	memmove(answer, body + 4, strlen(body + 4) + 1);
	return status;
}

int ask_server(const struct config *config, const char *who, const char *path, char *ret,
               size_t size)
{
	char host[80];
	int port = 0;
	bool good = config_split_listen(config->listen, host, sizeof(host), &port);
	ssize_t rc;
	int fd;

	assert(good); /* config_load has validated it */
	if (port == 0) {
		say("%s: SEBEZ_LISTEN names no port", who);
		return -EINVAL;
	}
	fd = reach(host, port);
	rc = fd < 0 ? fd : exchange(fd, path, ret, size);
	if (fd >= 0)
		close(fd);
	if (rc >= 0)
		rc = take_head(ret);
	if (rc < 0)
		say("%s: %s does not answer: %s", who, config->listen, strerror((int)-rc));
	return (int)rc;
}
