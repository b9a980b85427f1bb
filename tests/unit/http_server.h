/*
 * http_server: the server that the tests of HTTP talk to, over loopback sockets. What it does with
 * a request is said by the path; a thread plays the client (http_talk.h).
 *
 * - /prepared: a reply that was made once
 * - /refuse: 401 before the body
 * - /echo, /query, /peer: what of the request they are named after
 * - /twice: whether the header x-a is repeated
 * - /slow: 200 after a while
 * - /in/...: reads the body as a stream and answers with the sum of its bytes; /in/slow with
 *   pauses, /in/early after the first piece, /in/whole in whole pieces, /in/idle the same with
 *   little patience
 * - /out: STREAM_BYTES as a stream; /broken: the same, then given up; /flood: bytes without end
 * - /events: a stream that is pushed to: EVENTS_BYTES, and a little more in any case
 * - /aside/...: sets the exchange aside and answers when it is; /aside/later sets it aside late,
 *   /aside/at-once does not wait, /aside/held waits for is_done or for the client's end,
 *   /aside/gone sets it aside when the client has closed, and waits for that to be noticed; a path
 *   with "large" is answered with LARGE_BYTES
 */
#ifndef SEBEZ_TESTS_HTTP_SERVER_H
#define SEBEZ_TESTS_HTTP_SERVER_H

#include <stddef.h>

#include "http_talk.h"
#include "net/http.h"

#define HOST "Host: test\r\n"
#define LAST HOST "Connection: close\r\n"

enum {
	STREAM_BYTES = 300 * 1000,
	ECHO_MAX = 100 * 1000,
	LARGE_BYTES = 12 * 1024 * 1024,
	EVENTS_BYTES = 250 * 1000
};

extern struct http_server *server;
extern int finished;
extern int events_taken; /* streams that had room for EVENTS_BYTES */
extern bool was_reset;   /* what the client of the last talk saw */

/* Plays the script against the server until every exchange is finished; returns what was read. */
const char *talk(void (*script)(struct talk *talk, int fd), const char *request,
                 size_t request_length);

const char *ask(const char *request);

/* The request is head, `count` bytes of 'b', tail. */
const char *ask_with_body(const char *head, size_t count, const char *tail);

int count_of(const char *text, const char *word);

/* For the client's thread: lets the server drain soon. */
void want_drain(void);
/* For the client's thread: does soon what the server does when LIMIT_HEAD_MS are over. */
void want_end_of_slow(void);

/* For cmocka's groups and tests. */
int start_server(void **state);
int stop_server(void **state);

/* For a test that comes after one that has drained the server. */
int start_another(void **state);

#endif
