/*
 * park: an exchange that waits without a request. The handler moves its exchange to a small struct
 * of its own and returns; fiber, arena and the rest of the request are freed. The owner of the
 * struct replies later, once, from anywhere on the loop: with parked_reply, or as a stream.
 *
 * `finished` is called when the exchange is over (the reply was sent, or the client disconnected
 * after the reply was submitted, or during a stream): free the struct there. It is never called
 * from within the functions here. A disconnect of the client is reported (`left`) only when the
 * exchange was set aside, so always reply: park with a deadline.
 */
#ifndef SEBEZ_WEB_PARK_H
#define SEBEZ_WEB_PARK_H

#include <stddef.h>

#include "web/request.h"

/* What an exchange's context points to: a request in progress, or a parked exchange. */
struct http_owner {
	void (*finished)(struct http_owner *owner);
	void (*left)(struct http_owner *owner); /* NULL for a request in progress */
};

struct parked {
	struct http_owner owner;
	struct http_exchange *http;
	void (*finished)(struct parked *parked);
	void (*left)(struct parked *parked);
	unsigned operation;
	unsigned origin; /* web/origin.h */
	char request_id[UUID_TEXT_LENGTH + 1];
};

/* Moves the exchange out of the request, which counts as replied. Headers set before are not sent.
 * */
void request_park(struct request *rq, struct parked *parked,
                  void (*finished)(struct parked *parked), void (*left)(struct parked *parked));

/* For a long wait that ends with parked_reply: see http_set_aside in net/http.h. */
void parked_set_aside(struct parked *parked);

/* Answers 200 with JSON. The bytes must stay until `finished`. */
void parked_reply(struct parked *parked, const void *body, size_t length);

/* Answers 200 with a stream of events; -ECONNRESET, -ENOBUFS and -ENOMEM as http_stream_push. */
void parked_stream_begin(struct parked *parked, const char *media_type);
int parked_stream_push(struct parked *parked, const void *bytes, size_t count)
    __attribute__((warn_unused_result));
void parked_stream_end(struct parked *parked);

#endif
