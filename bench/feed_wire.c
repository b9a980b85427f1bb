#include "feed_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 256 * 1024, ADDRESSES = 8 };

static struct {
	int port;
	SSL_CTX *tls;
} all;

void wire_die(const char *program, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
	exit(1);
}

int64_t wire_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void wire_start(int port, bool tls)
{
	struct rlimit limit;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing is left of a measure that was killed */
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	all.port = port;
	if (!tls)
		return;
	all.tls = SSL_CTX_new(TLS_client_method()); /* that proves nothing about who answers */
	if (all.tls == NULL)
		wire_die("feed_wire", "SSL_CTX_new");
	SSL_CTX_set_mode(all.tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(all.tls, SSL_SESS_CACHE_OFF);
}

enum wire_state wire_open(struct wire *wire, int epoll_fd, uint32_t index)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = index};
	int on = 1;

	*wire = (struct wire){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	from.sin_addr.s_addr = htonl(0x7f000002u + index % ADDRESSES);
	to.sin_addr.s_addr = htonl(0x7f000001u);
	to.sin_port = htons((uint16_t)all.port);
	if (wire->fd < 0)
		wire_die("feed_wire", "socket");
	/* The port is chosen at connect, so only the four numbers together need be new. */
	setsockopt(wire->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(wire->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		wire_die("feed_wire", "bind");
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wire->fd, &event) < 0)
		wire_die("feed_wire", "epoll_ctl");
	if (connect(wire->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return wire_step(wire);
	if (errno == EINPROGRESS)
		return WIRE_WAITS;
	if (errno == EADDRNOTAVAIL)
		wire_die("feed_wire", "connect");
	wire_close(wire);
	return WIRE_BROKEN;
}

static enum wire_state shake_hands(struct wire *wire)
{
	int r;

	if (wire->tls == NULL) {
		wire->tls = SSL_new(all.tls);
		if (wire->tls == NULL || SSL_set_fd(wire->tls, wire->fd) != 1)
			wire_die("feed_wire", "SSL_new");
	}
	r = SSL_connect(wire->tls);
	if (r == 1) {
		wire->ready = true;
		return WIRE_READY;
	}
	int why = SSL_get_error(wire->tls, r);

	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return WIRE_WAITS;
	wire_close(wire);
	return WIRE_BROKEN;
}

enum wire_state wire_step(struct wire *wire)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer), size = sizeof(int);
	int error = 0;

	if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) {
		wire_close(wire);
		return WIRE_BROKEN;
	}
	if (getpeername(wire->fd, (struct sockaddr *)&peer, &length) < 0)
		return WIRE_WAITS;
	if (all.tls != NULL)
		return shake_hands(wire);
	wire->ready = true;
	return WIRE_READY;
}

bool wire_write(struct wire *wire, const char *text, size_t length)
{
	if (wire->tls != NULL)
		return SSL_write(wire->tls, text, (int)length) == (int)length;
	return send(wire->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Returns 0 when nothing more has come, -1 at the end. */
static ssize_t take_bytes(struct wire *wire, char *at, size_t room)
{
	if (wire->tls == NULL) {
		ssize_t got = recv(wire->fd, at, room, 0);

		return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
	}
	int got = SSL_read(wire->tls, at, (int)room);

	if (got > 0)
		return got;
	return SSL_get_error(wire->tls, got) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* True when the whole answer is there. Answers have a length here, or no body. */
static bool parse(char *text, size_t length, struct wire_answer *ret)
{
	char *end, *stated;
	size_t expected = 0;

	text[length] = '\0';
	end = strstr(text, "\r\n\r\n");
	if (end == NULL || strncmp(text, "HTTP/1.1 ", 9) != 0)
		return false;
	stated = strcasestr(text, "\r\nContent-Length:");
	if (stated != NULL && stated < end)
		expected = strtoul(stated + 17, NULL, 10);
	if ((size_t)(text + length - (end + 4)) < expected)
		return false;
	end[2] = '\0';
	*ret = (struct wire_answer){.status = atoi(text + 9), .head = text, .body = end + 4};
	return true;
}

enum wire_state wire_read(struct wire *wire, struct wire_answer *ret)
{
	static char text[ANSWER_MAX + 1];
	size_t length = wire->length;

	if (length > 0)
		memcpy(text, wire->kept, length);
	free(wire->kept);
	wire->kept = NULL;
	wire->length = 0;
	for (;;) {
		ssize_t got =
		    length < ANSWER_MAX ? take_bytes(wire, text + length, ANSWER_MAX - length) : -1;

		if (got < 0) {
			wire_close(wire);
			return WIRE_BROKEN;
		}
		length += (size_t)got;
		if (length > 0 && parse(text, length, ret))
			return WIRE_READY;
		if (got == 0)
			break;
	}
	if (length > 0) {
		wire->kept = malloc(length);
		if (wire->kept == NULL)
			wire_die("feed_wire", "malloc");
		memcpy(wire->kept, text, length);
		wire->length = length;
	}
	return WIRE_WAITS;
}

void wire_close(struct wire *wire)
{
	if (wire->tls != NULL)
		SSL_free(wire->tls);
	if (wire->fd >= 0)
		close(wire->fd);
	free(wire->kept);
	*wire = (struct wire){.fd = -1};
}
