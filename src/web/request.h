/*
 * request: a task that serves an HTTP request, as handlers see it.
 *
 * A request passes these stages, each once: net/http → web/route (a row of the contract's table) →
 * web/authenticate → web/limit → web/validate (typed input) → the handler → web/reply.
 *
 * Handlers are named after their operationId (placeOrder → place_order), take the request and their
 * typed input, and answer with exactly one reply_* call, or end the task.
 */
#ifndef SEBEZ_WEB_REQUEST_H
#define SEBEZ_WEB_REQUEST_H

#include "net/http.h"
#include "task/db.h"
#include "task/rows.h"
#include "task/task.h"
#include "web/operation.h"

struct request {
	struct task task; /* first, so that a task can be cast to its request */
	const struct operation *operation;
	struct http_exchange *http;
	int64_t started_ms;
	int status;                      /* status of the reply, 0 until then */
	struct idempotency *idempotency; /* NULL unless the request carries a key */
	bool replied;
};

/* The client's address as text, in the arena; behind a proxy the forwarded address. */
const char *request_address(struct request *rq);

/* Scheme and host of this server as the client reaches it, in the arena: "https://shop.example". */
const char *request_origin(struct request *rq);

/* Reads the body of an x-stream operation to its end and forgets it: of a form whose fields say
 * nothing. Suspends; ends the task when the client sends less than it said. */
void request_drop_body(struct request *rq);

/* The versions that If-Match allows, for a statement that changes only those; NULL when any is
 * allowed: the header is absent or "*". Empty when no tag in it has a version. */
const struct int_array *request_if_match(struct request *rq);

/* Ends the task (412) unless If-Match allows this version, whose row is locked. */
void request_expect(struct request *rq, int32_t version);
_Noreturn void request_end_changed(struct request *rq); /* 412: another request changed it first */

#endif
