/*
 * http_talk: clients of the server of http_server.h, on a thread of their own: what they send, and
 * when. A script has the request to send and room for what comes back.
 */
#ifndef SEBEZ_TESTS_HTTP_TALK_H
#define SEBEZ_TESTS_HTTP_TALK_H

#include <stdbool.h>
#include <stddef.h>

enum { TALK_BYTES = 16 * 1024 * 1024 };

struct talk {
	void (*script)(struct talk *talk, int fd);
	const char *request;
	size_t request_length;
	char *reply; /* TALK_BYTES */
	size_t reply_length;
	bool reset; /* the connection did not end, it broke */
};

/* A socket that is connected to a port of this machine and gives up reading after 20 s. */
int dial(int port);

void send_all(int fd, const char *bytes, size_t count);
void receive_all(struct talk *talk, int fd);

/* Scripts. */

void send_and_receive(struct talk *talk, int fd);

/* What follows a '|' is sent when there is an answer to what is before it, as clients do. */
void send_one_by_one(struct talk *talk, int fd);

/* The second request comes while the first is waiting. */
void send_meanwhile(struct talk *talk, int fd);

void send_by_bytes(struct talk *talk, int fd);

/* The head, and the body once something has come back. */
void send_when_told(struct talk *talk, int fd);

void send_and_vanish(struct talk *talk, int fd);
void send_and_stare(struct talk *talk, int fd);

/* Reads the first answer late, and asks on while it comes. */
void stare_then_ask(struct talk *talk, int fd);

#endif
