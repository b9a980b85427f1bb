/*
 * retry: calls a handler again whose transaction was rolled back by a deadlock or a conflict.
 *
 * This is safe: the transaction had no effect, no other was committed, and no reply was sent.
 * Actor, claimed key and input are unchanged. Not for a streamed body, which cannot be read twice,
 * nor when a connection was lost, because then the outcome is unknown.
 */
#ifndef SEBEZ_WEB_RETRY_H
#define SEBEZ_WEB_RETRY_H

#include "web/request.h"

/* The state that a handler starts with; all other state of the request is its own. */
struct retry {
	const void *in; /* NULL until it is known */
	struct actor actor;
	size_t header_count;
	unsigned times;
};

/* Before the handler is called for the first time. */
void retry_remember(struct request *rq, const void *in);

/* Calls it, as the body of the request's task. */
void retry_call(struct task *task);

/* After the task has ended with a problem. False when that is final; else the request is as before
 * the call, and concurrent transactions had a moment to finish. May suspend. */
bool retry_wait(struct request *rq) __attribute__((warn_unused_result));

#endif
