/*
 * request: a task that came over HTTP. What handlers see of the web.
 *
 * The way of a request: net/http → web/route (a row of the contract's table) → web/authenticate →
 * web/limit → web/validate (typed input) → the handler → web/reply. Each stop is passed once.
 *
 * Handlers are named after their operationId (placeOrder → place_order), take the request and
 * their typed input, and answer with exactly one reply_* call, or end the task.
 */
#ifndef SEBEZ_WEB_REQUEST_H
#define SEBEZ_WEB_REQUEST_H

#include "net/http.h"
#include "task/db.h"
#include "task/rows.h"
#include "task/task.h"
#include "web/operation.h"

struct request {
	struct task task; /* first, so that a task can be turned back into its request */
	const struct operation *operation;
	struct http_exchange *http;
	int64_t started_ms;
	int status;                      /* what was answered, 0 until then */
	struct idempotency *idempotency; /* NULL unless the request carries a key */
	bool replied;
};

/* The client's address as text, in the arena; behind a proxy what the proxy says. */
const char *request_address(struct request *rq);

/* The versions that If-Match allows, for a statement that changes only those; NULL when any is
 * good: the header is absent or "*". None at all, when it names only what nothing of ours has. */
const struct int_array *request_if_match(struct request *rq);

/* Ends the task (412) unless If-Match allows this version, which is held. */
void request_expect(struct request *rq, int32_t version);
_Noreturn void request_end_changed(struct request *rq); /* 412: somebody was faster */

#endif
