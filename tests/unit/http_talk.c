#include "http_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int dial(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval limit = {.tv_sec = 20};
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

void receive_all(struct talk *talk, int fd)
{
	ssize_t got = 1;

	while (got > 0 && talk->reply_length + 1 < TALK_BYTES) {
		got = recv(fd, talk->reply + talk->reply_length,
		           TALK_BYTES - 1 - talk->reply_length, 0);
		if (got > 0)
			talk->reply_length += (size_t)got;
	}
	talk->reset = got < 0 && errno == ECONNRESET;
	talk->reply[talk->reply_length] = '\0';
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
		got = recv(fd, talk->reply + talk->reply_length,
		           TALK_BYTES - 1 - talk->reply_length, 0);
		talk->reply_length += got > 0 ? (size_t)got : 0;
	}
	receive_all(talk, fd);
}

void send_meanwhile(struct talk *talk, int fd)
{
	size_t first = (size_t)(strstr(talk->request, "\r\n\r\n") + 4 - talk->request);

	send_all(fd, talk->request, first);
	(void)usleep(25 * 1000);
	send_all(fd, talk->request + first, talk->request_length - first);
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
	ssize_t got;

	send_all(fd, talk->request, head);
	got = recv(fd, talk->reply, TALK_BYTES - 1, 0);
	talk->reply_length = got > 0 ? (size_t)got : 0;
	send_all(fd, talk->request + head, talk->request_length - head);
	receive_all(talk, fd);
}

void send_and_vanish(struct talk *talk, int fd)
{
	struct linger at_once = {.l_onoff = 1};

	send_all(fd, talk->request, talk->request_length);
	(void)usleep(10 * 1000);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void send_and_stare(struct talk *talk, int fd)
{
	int small = 64 * 1024;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	send_all(fd, talk->request, talk->request_length);
	(void)usleep(400 * 1000);
	receive_all(talk, fd);
}

void stare_then_ask(struct talk *talk, int fd)
{
	size_t first = (size_t)(strstr(talk->request, "\r\n\r\n") + 4 - talk->request);
	int small = 64 * 1024;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	send_all(fd, talk->request, first);
	(void)usleep(200 * 1000);
	send_all(fd, talk->request + first, talk->request_length - first);
	receive_all(talk, fd);
}
