#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 /* the kernel caps it at somaxconn */ };

static int parse_unix(const char *path, struct listen_address *ret)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	_Static_assert(sizeof(un) <= sizeof(ret->address), "every kind of address fits");
	if (length == 0 || length >= sizeof(un.sun_path))
		return -EINVAL;
	memcpy(un.sun_path, path, length + 1);
	*ret = (struct listen_address){
	    .length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1)};
	memcpy(&ret->address, &un, sizeof(un));
	return 0;
}

static int parse_port(const char *text, in_port_t *ret)
{
	char *end = NULL;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	long port = strtol(text, &end, 10);
	if (*end != '\0' || port > 65535)
		return -EINVAL;
	*ret = htons((in_port_t)port);
	return 0;
}

int listen_parse(const char *text, struct listen_address *ret)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	char host[INET6_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');

	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, ret);
	if (colon == NULL || colon == text)
		return -EINVAL;
	bool bracketed = text[0] == '[' && colon[-1] == ']';
	size_t length = (size_t)(colon - text) - (bracketed ? 2 : 0);
	if (length == 0 || length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text + (bracketed ? 1 : 0), length);
	host[length] = '\0';
	if (parse_port(colon + 1, bracketed ? &v6.sin6_port : &v4.sin_port) < 0)
		return -EINVAL;
	if (bracketed && inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		*ret = (struct listen_address){.length = sizeof(v6)};
		memcpy(&ret->address, &v6, sizeof(v6));
		return 0;
	}
	if (!bracketed && inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		*ret = (struct listen_address){.length = sizeof(v4)};
		memcpy(&ret->address, &v4, sizeof(v4));
		return 0;
	}
	return -EINVAL;
}

/* Removes a socket file whose server is gone: connecting is refused. */
static void remove_stale_socket(const struct listen_address *address)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&address->address;
	struct stat status;

	if (lstat(un->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)un, address->length) < 0 && errno == ECONNREFUSED)
		(void)unlink(un->sun_path);
	(void)close(fd);
}

static int bind_and_listen(int fd, const struct listen_address *address)
{
	int on = 1;

	if (address->address.ss_family == AF_UNIX) {
		remove_stale_socket(address);
	} else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	           setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) {
		return -errno;
	}
	if (bind(fd, (const struct sockaddr *)&address->address, address->length) < 0)
		return -errno;
	if (listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int listen_open(const struct listen_address *address, int *ret_fd)
{
	int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	int r = bind_and_listen(fd, address);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int listen_port(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return 0;
}
