#include "shop/feed/delivered.h"

#include "base/limits.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/chat/chat.h"
#include "shop/feed/hub.h"

enum {
	OWNERS_MOST = 2000, /* of one turn; the rest has the next */
	DEADLINE_MS = 5000,
};

/* Owners and how far they have got. */
struct passed {
	struct task task; /* first: found by it */
	size_t count;
	struct uuid owners[OWNERS_MOST];
	int64_t numbers[OWNERS_MOST];
};

static struct passed passed; /* the one fiber that tells fills it anew each time */

static void collect(struct followed *feed, void *arg)
{
	(void)arg;
	if (feed->passed <= feed->told || passed.count == OWNERS_MOST)
		return;
	passed.owners[passed.count] = feed->id;
	passed.numbers[passed.count++] = feed->passed;
}

static void tell(struct task *task)
{
	struct db *batch = db_batch(task);

	chat_delivered(batch, (struct uuid_array){passed.count, passed.owners},
	               (struct bigint_array){passed.count, passed.numbers});
	db_run(batch);
	for (size_t i = 0; i < passed.count; i++) {
		struct followed *feed = hub_find(passed.owners[i]);

		if (feed != NULL && feed->told < passed.numbers[i])
			feed->told = passed.numbers[i];
	}
}

void delivered_tell(void)
{
	passed.task = (struct task){
	    .deadline_ms = loop_now_ms() + DEADLINE_MS,
	    .actor = {.kind = ACTOR_JOBS},
	    .name = "delivered",
	};
	passed.count = 0;
	hub_each(collect, NULL);
	if (passed.count == 0)
		return;
	uuid_format(uuid_v7(), passed.task.request_id);
	passed.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &passed.task);
	if (!task_run(&passed.task, tell))
		LOG_DEBUG("not told what is delivered",
		          log_str("detail", passed.task.problem.detail));
	arena_free(passed.task.arena);
}
