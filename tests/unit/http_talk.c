#include "http_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 60 * 1000 };

atomic_int set_aside_now, set_aside, resets, drained;
atomic_bool is_done;

void wait_past(const atomic_int *number, int before)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (*number > before)
			return;
		(void)usleep(1000);
	}
	abort();
}

int dial(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

void send_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes += sent;
		count -= (size_t)sent;
	}
}

static ssize_t receive(struct talk *talk, int fd)
{
	ssize_t got =
	    recv(fd, talk->reply + talk->reply_length, TALK_BYTES - 1 - talk->reply_length, 0);

	talk->reply_length += got > 0 ? (size_t)got : 0;
	talk->reply[talk->reply_length] = '\0';
	return got;
}

void receive_some(struct talk *talk, int fd)
{
	(void)receive(talk, fd);
}

void receive_all(struct talk *talk, int fd)
{
	ssize_t got = 1;

	while (got > 0 && talk->reply_length + 1 < TALK_BYTES)
		got = receive(talk, fd);
	talk->reset = got < 0 && errno == ECONNRESET;
}

void send_and_receive(struct talk *talk, int fd)
{
	send_all(fd, talk->request, talk->request_length);
	receive_all(talk, fd);
}

void send_one_by_one(struct talk *talk, int fd)
{
	const char *at = talk->request;
	ssize_t got = 1;

	while (*at != '\0' && got > 0) {
		size_t length = strcspn(at, "|");

		send_all(fd, at, length);
		at += length + (at[length] == '|');
		got = receive(talk, fd);
	}
	receive_all(talk, fd);
}

void send_meanwhile(struct talk *talk, int fd)
{
	size_t first = (size_t)(strstr(talk->request, "\r\n\r\n") + 4 - talk->request);

	send_all(fd, talk->request, first);
	wait_past(&set_aside_now, 0);
	send_all(fd, talk->request + first, talk->request_length - first);
	is_done = true;
	receive_all(talk, fd);
}

void send_by_bytes(struct talk *talk, int fd)
{
	for (size_t i = 0; i < talk->request_length; i++) {
		send_all(fd, talk->request + i, 1);
		(void)usleep(200);
	}
	receive_all(talk, fd);
}

void send_when_told(struct talk *talk, int fd)
{
	size_t head = (size_t)(strstr(talk->request, "\r\n\r\n") + 4 - talk->request);

	send_all(fd, talk->request, head);
	receive_some(talk, fd);
	send_all(fd, talk->request + head, talk->request_length - head);
	receive_all(talk, fd);
}

static void vanish(int fd)
{
	struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void send_and_vanish(struct talk *talk, int fd)
{
	send_all(fd, talk->request, talk->request_length);
	(void)usleep(10 * 1000);
	vanish(fd);
}

void send_and_stop(struct talk *talk, int fd)
{
	int before = resets;

	send_all(fd, talk->request, talk->request_length);
	wait_past(&resets, before);
	vanish(fd);
}

void send_and_vanish_aside(struct talk *talk, int fd)
{
	send_all(fd, talk->request, talk->request_length);
	wait_past(&set_aside_now, 0);
	vanish(fd);
}

void send_and_stare(struct talk *talk, int fd)
{
	int small = 64 * 1024, before = resets;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	send_all(fd, talk->request, talk->request_length);
	wait_past(&resets, before);
	receive_all(talk, fd);
}

void stare_then_ask(struct talk *talk, int fd)
{
	size_t first = (size_t)(strstr(talk->request, "\r\n\r\n") + 4 - talk->request);
	int small = 64 * 1024;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	send_all(fd, talk->request, first);
	wait_past(&set_aside, 0);
	send_all(fd, talk->request + first, talk->request_length - first);
	receive_all(talk, fd);
}
