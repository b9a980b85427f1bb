#include "web/retry.h"

#include <assert.h>
#include <sodium.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/loop.h"
#include "web/idempotency.h"
#include "web/limit.h"
#include "web/request_context.h"

enum {
	TIMES_MAX = 3, /* besides the first call */
	/* Grows with each attempt; half of it is random, so that two do not collide again. */
	DELAY_MS = 20,
};

void retry_remember(struct request *rq, const void *in)
{
	struct request_context *ctx = request_context_of(rq);

	assert(rq->operation != NULL && !rq->replied);
	ctx->retry =
	    (struct retry){.in = in, .actor = rq->task.actor, .header_count = ctx->header_count};
	rq->task.has_written = false; /* of the handler */
}

void retry_call(struct task *task)
{
	struct request *rq = (struct request *)(void *)task;

	assert(!rq->replied && request_context_of(rq)->retry.in != NULL);
	rq->operation->call(rq, request_context_of(rq)->retry.in);
	assert(rq->replied); /* a handler that does not reply is a bug */
}

/* Memory of earlier calls stays allocated; the last half is reserved for a problem. */
static bool may_retry(const struct request *rq, const struct retry *retry)
{
	const struct task *task = &rq->task;

	return task->problem.transient && !task->has_written && !rq->replied && retry->in != NULL &&
	       retry->times < TIMES_MAX && rq->operation->body != BODY_STREAM &&
	       arena_used(task->arena) <= LIMIT_REQUEST_ARENA_BYTES / 2;
}

bool retry_wait(struct request *rq)
{
	struct request_context *ctx = request_context_of(rq);
	struct retry *retry = &ctx->retry;
	unsigned delay_ms;

	if (!may_retry(rq, retry))
		return false;
	assert(rq->task.problem.code != PROBLEM_NONE && rq->task.key_lock == NULL);
	delay_ms = DELAY_MS * ++retry->times;
	co_sleep_ms(delay_ms / 2 + randombytes_uniform(delay_ms / 2 + 1));
	if (loop_now_ms() >= rq->task.deadline_ms)
		return false;
	limit_refund_guesses(rq); /* the next call counts its own */
	rq->task.actor = retry->actor;
	ctx->header_count = retry->header_count;
	if (rq->idempotency != NULL)
		rq->idempotency->kept = false; /* rolled back with the rest */
	return true;
}
