#include "web/again.h"

#include <assert.h>
#include <sodium.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/loop.h"
#include "web/idempotency.h"
#include "web/limit.h"
#include "web/way.h"

enum {
	TIMES_MAX = 3, /* beside the first call */
	/* Grows with each time; half of it is chance, so that two do not meet again. */
	DELAY_MS = 20,
};

void again_remember(struct request *rq, const void *in)
{
	struct way *way = way_of(rq);

	way->again =
	    (struct again){.in = in, .actor = rq->task.actor, .header_count = way->header_count};
	rq->task.has_written = false; /* of the handler; a key that was claimed stays so */
}

void again_call(struct task *task)
{
	struct request *rq = (struct request *)(void *)task;

	rq->operation->call(rq, way_of(rq)->again.in);
	assert(rq->replied); /* a handler that forgets to answer is a mistake of ours */
}

/* What earlier calls took of the arena stays taken; the last half is left for telling a problem. */
static bool may_again(const struct request *rq, const struct again *again)
{
	const struct task *task = &rq->task;

	return task->problem.transient && !task->has_written && !rq->replied && again->in != NULL &&
	       again->times < TIMES_MAX && rq->operation->body != BODY_STREAM &&
	       arena_used(task->arena) <= LIMIT_REQUEST_ARENA_BYTES / 2;
}

bool again_wait(struct request *rq)
{
	struct way *way = way_of(rq);
	struct again *again = &way->again;
	unsigned delay_ms;

	if (!may_again(rq, again))
		return false;
	delay_ms = DELAY_MS * ++again->times;
	co_sleep_ms(delay_ms / 2 + randombytes_uniform(delay_ms / 2 + 1));
	if (loop_now_ms() >= rq->task.deadline_ms)
		return false;
	limit_take_back_guesses(rq); /* the next call counts its own */
	rq->task.actor = again->actor;
	way->header_count = again->header_count;
	if (rq->idempotency != NULL)
		rq->idempotency->kept = false; /* it went with the rest */
	return true;
}
