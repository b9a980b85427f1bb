#include "web/paged.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "net/loop.h"
#include "web/reply.h"

_Static_assert(offsetof(struct paged, task) == 0, "a task is cast to its pages");

static void read_page(struct task *task)
{
	struct paged *paged = (struct paged *)(void *)task;

	paged->text = buf_new(task->arena, 64 * 1024);
	paged->count = paged->read(paged);
	assert(paged->count > 0 || paged->text.length == 0);
}

static void drop_page(void *arg)
{
	struct paged *paged = arg;

	arena_free(paged->task.arena);
	paged->task.arena = NULL;
}

void paged_next(struct request *rq, struct paged *paged)
{
	drop_page(paged);
	paged->task = (struct task){
	    .actor = rq->task.actor,
	    .name = rq->task.name,
	    .deadline_ms = loop_now_ms() + LIMIT_REQUEST_MS,
	};
	memcpy(paged->task.request_id, rq->task.request_id, sizeof(rq->task.request_id));
	paged->task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &paged->task);
	rq->task.deadline_ms = paged->task.deadline_ms;
	bool good = task_run(&paged->task, read_page);

	rq->task.statements += paged->task.statements;
	rq->task.round_trips += paged->task.round_trips;
	if (!good)
		task_end_with(&rq->task, (struct problem){
		                             .code = paged->task.problem.code,
		                             .detail = "The list could not be read.",
		                         });
}

void paged_open(struct request *rq, struct paged *paged, paged_read_fn *read)
{
	assert(paged->task.arena == NULL && read != NULL);
	paged->read = read;
	arena_defer(rq->task.arena, drop_page, paged);
	paged_next(rq, paged);
}

void paged_send(struct request *rq, struct paged *paged)
{
	while (paged->count > 0) {
		reply_stream_write(rq, paged->text.data, paged->text.length);
		paged_next(rq, paged);
	}
}
