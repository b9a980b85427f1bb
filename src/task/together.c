#include "task/together.h"

#include <assert.h>
#include <string.h>

#include "net/log.h"

/* Must be first: cast to the struct. */
struct part {
	struct task task;
	struct together *together;
};

_Static_assert(offsetof(struct part, task) == 0, "a task is cast to its part");

const char *const TOGETHER_OUTCOMES[TOGETHER_OUTCOME_COUNT] = {
    [TOGETHER_DONE] = "done",
    [TOGETHER_REFUSED] = "refused",
    [TOGETHER_FAILED] = "failed",
};

static uint64_t counts[TOGETHER_OUTCOME_COUNT];

const uint64_t *together_counts(void)
{
	return counts;
}

static bool may_join(const struct together *together, const struct together_item *item)
{
	if (together->count == LIMIT_TOGETHER)
		return false;
	for (size_t i = 0; i < together->count; i++)
		if (!together->may_join(together->running[i], item))
			return false;
	return true;
}

static void gather(struct together *together)
{
	struct list_node *at, *next;

	assert(together->count == 0);
	LIST_EACH(at, next, &together->queue)
	{
		struct together_item *item = CONTAINER_OF(at, struct together_item, node);

		if (may_join(together, item)) {
			list_remove(at);
			together->running[together->count++] = item;
		}
	}
	assert(together->count > 0);
}

static void run_part(struct task *task)
{
	struct together *together = ((struct part *)(void *)task)->together;

	together->run(task, together->count, together->running);
}

static void count(const struct task *task)
{
	const struct problem *problem = &task->problem;
	enum together_outcome outcome = TOGETHER_DONE;

	if (problem->code != PROBLEM_NONE)
		outcome = problem->code->status < 500 ? TOGETHER_REFUSED : TOGETHER_FAILED;
	if (outcome == TOGETHER_FAILED)
		LOG_WARNING("not done together", log_str("task", task->name),
		            log_str("why", problem->log != NULL ? problem->log : problem->detail));
	counts[outcome]++;
}

/* After a failure each is done on its own, and the answers tell why. */
static void run(struct together *together, struct task *task)
{
	struct part part = {
	    .task = {.deadline_ms = task->deadline_ms,
	             .actor = {.kind = ACTOR_JOBS},
	             .name = task->name},
	    .together = together,
	};

	memcpy(part.task.request_id, task->request_id, sizeof(task->request_id));
	part.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &part.task);
	if (!task_run(&part.task, run_part))
		for (size_t i = 0; i < together->count; i++)
			if (together->running[i] != NULL) {
				together->running[i]->is_done = false;
				together->running[i]->in_doubt = part.task.problem.in_doubt;
			}
	count(&part.task);
	task->statements += part.task.statements;
	task->round_trips += part.task.round_trips;
	arena_free(part.task.arena);
}

/* Runs the first of the queue and those that may join it; then the next one leads. */
static void lead(struct together *together, struct task *task)
{
	gather(together);
	run(together, task);
	for (size_t i = 0; i < together->count; i++) {
		struct together_item *item = together->running[i];

		if (item == NULL)
			continue;
		item->has_run = true;
		if (item->co != co_self())
			co_wake(item->co);
	}
	together->count = 0;
	together->is_busy = !list_is_empty(&together->queue);
	if (together->is_busy) {
		struct together_item *next =
		    CONTAINER_OF(together->queue.after, struct together_item, node);

		next->leads = true;
		co_wake(next->co);
	}
}

/* The task's deadline has passed. */
static void leave(struct together *together, struct together_item *item)
{
	list_remove(&item->node);
	for (size_t i = 0; i < together->count; i++)
		if (together->running[i] == item) {
			together->running[i] = NULL;
			item->in_doubt = true;
		}
}

bool together_do(struct together *together, struct task *task, struct together_item *item)
{
	*item = (struct together_item){.co = co_self(), .leads = !together->is_busy};
	if (together->queue.after == NULL)
		list_init(&together->queue);
	list_push_back(&together->queue, &item->node);
	together->is_busy = true;
	while (!item->has_run && !item->leads)
		if (co_wait(task->deadline_ms) < 0 && !item->has_run && !item->leads) {
			leave(together, item);
			return false;
		}
	if (item->leads)
		lead(together, task);
	assert(item->has_run);
	task->has_written |= item->is_done;
	return item->is_done;
}
