/*
 * retry: calls a handler again if a deadlock or conflict rolled back its transaction.
 *
 * This is safe: the transaction had no effect, no other was committed, and no reply was sent.
 * Actor, key and input are unchanged. Not for a streamed body, which cannot be read twice,
 * nor when a connection was lost, because then the outcome is unknown.
 */
#ifndef SEBEZ_WEB_RETRY_H
#define SEBEZ_WEB_RETRY_H

#include "web/request.h"

/* The state to restore before each call; all other state of the request belongs to the handler. */
struct retry {
	const void *in; /* NULL until it is known */
	struct actor actor;
	size_t header_count;
	unsigned times;
};

/* Before the handler is called for the first time. */
void retry_remember(struct request *rq, const void *in);

/* Calls the handler, as the body of the request's task. */
void retry_call(struct task *task);

/* After the task has ended with a problem. False when that is final; otherwise the request is in
 * its state before the call, after a delay that lets concurrent transactions finish. May
 * suspend. */
bool retry_wait(struct request *rq) __attribute__((warn_unused_result));

#endif
