/*
 * http_talk: clients of the server of http_server.h, on a thread of their own: what they send, and
 * when. A script has the request to send and room for what comes back.
 */
#ifndef SEBEZ_TESTS_HTTP_TALK_H
#define SEBEZ_TESTS_HTTP_TALK_H

#include <stdatomic.h>
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

/* Facts that the server's side tells: a client waits for them, not for a time. */
extern atomic_int set_aside_now; /* exchanges that are, until a client is done with them */
extern atomic_int set_aside;     /* exchanges that were, when they were answered */
extern atomic_int resets;        /* fibers that learned that their client is gone */
extern atomic_int drained;       /* servers that were told to drain */
extern atomic_bool is_done;      /* what is held on the server's side may go on */

/* Until the number has grown past this; aborts after a minute. */
void wait_past(const atomic_int *number, int before);

/* A socket that is connected to a port of this machine and gives up reading after 20 s. */
int dial(int port);

void send_all(int fd, const char *bytes, size_t count);
/* Adds to the reply what is there, or comes first. */
void receive_some(struct talk *talk, int fd);
void receive_all(struct talk *talk, int fd);

/* Scripts. */

void send_and_receive(struct talk *talk, int fd);

/* What follows a '|' is sent when there is an answer to what is before it, as clients do. */
void send_one_by_one(struct talk *talk, int fd);

/* The second request comes while the first is held. */
void send_meanwhile(struct talk *talk, int fd);

void send_by_bytes(struct talk *talk, int fd);

/* The head, and the body once something has come back. */
void send_when_told(struct talk *talk, int fd);

void send_and_vanish(struct talk *talk, int fd);
void send_and_stop(struct talk *talk, int fd); /* vanishes when a fiber has given up */
/* The same, once the request is set aside. */
void send_and_vanish_aside(struct talk *talk, int fd);

/* Reads nothing until the server has given up. */
void send_and_stare(struct talk *talk, int fd);

/* Asks on while the first answer is on its way, and only then reads it. */
void stare_then_ask(struct talk *talk, int fd);

#endif
