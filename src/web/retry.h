/*
 * retry: a handler whose transaction a deadlock or a conflict undid is called again.
 *
 * It can be, because nothing has come of it: the transaction is gone, no other was committed, and
 * nothing was answered. Whoever asked is still who was authenticated, the key is still claimed, and
 * the input is as it was. Not when the body is read piece by piece, which cannot be read twice, and
 * not when a connection was lost, since then nobody knows.
 */
#ifndef SEBEZ_WEB_RETRY_H
#define SEBEZ_WEB_RETRY_H

#include "web/request.h"

/* What a handler finds when it is called: everything else of its request is its own doing. */
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

/* After the task has ended with a problem. False when that is final; else it is as it was before
 * the call, and others have had a moment to finish. May suspend. */
bool retry_wait(struct request *rq) __attribute__((warn_unused_result));

#endif
