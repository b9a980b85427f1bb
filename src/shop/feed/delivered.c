#include "shop/feed/delivered.h"

#include <assert.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/chat/chat.h"
#include "shop/feed/hub.h"

enum {
	OWNERS_MAX = 4000,   /* per cycle; the rest is left to the next */
	OWNERS_AT_ONCE = 64, /* per step, which is a transaction */
	READERS_AT_ONCE = 256,
	CYCLE_MS = 1000,
	DEADLINE_MS = 5000,
};

/* The owners of this cycle and their acknowledged numbers; used by one fiber only. */
static struct {
	bool stopping, running;
	size_t first, count; /* those before first are reported to chat */
	struct uuid owners[OWNERS_MAX];
	int64_t numbers[OWNERS_MAX];
} cycle;

/* Of a vendor's feed: which of its staff have a message is of interest, too. */
static bool is_behind(const struct followed *feed, const struct grant *grant)
{
	return feed->of_vendor && grant->passed > grant->reported && feed->asks > grant->reported;
}

static bool has_news(const struct followed *feed)
{
	const struct grant *grant = feed->grants;

	if (feed->passed > feed->reported && feed->asks > feed->reported)
		return true;
	while (grant != NULL && !is_behind(feed, grant))
		grant = grant->next;
	return grant != NULL;
}

static void collect(struct followed *feed, void *arg)
{
	(void)arg;
	if (cycle.count == OWNERS_MAX || !has_news(feed))
		return;
	assert(feed->passed > 0);
	cycle.owners[cycle.count] = feed->id;
	cycle.numbers[cycle.count++] = feed->passed;
}

/* The sessions of a step whose devices have acknowledged more than chat knows. */
struct readers {
	size_t count;
	struct chat_reader readers[READERS_AT_ONCE];
	struct uuid sessions[READERS_AT_ONCE];
};

static void find_readers(struct uuid owner, struct readers *ret)
{
	const struct followed *feed = hub_find(owner);
	const struct grant *grant = feed != NULL ? feed->grants : NULL;

	for (; grant != NULL && ret->count < READERS_AT_ONCE; grant = grant->next) {
		if (!is_behind(feed, grant))
			continue;
		ret->readers[ret->count] =
		    (struct chat_reader){owner, grant->account_id, grant->passed};
		ret->sessions[ret->count++] = grant->session_id;
	}
}

static void note_reported(const struct readers *readers)
{
	for (size_t i = 0; i < readers->count; i++) {
		struct followed *feed = hub_find(readers->readers[i].vendor);
		struct grant *grant = feed != NULL ? feed->grants : NULL;

		while (grant != NULL && !uuid_equal(grant->session_id, readers->sessions[i]))
			grant = grant->next;
		if (grant != NULL && grant->reported < readers->readers[i].number)
			grant->reported = readers->readers[i].number;
	}
}

static void report_delivered(struct task *task)
{
	struct db *batch = db_batch(task);
	struct readers *readers = arena_alloc(task->arena, sizeof(*readers));
	size_t first = cycle.first;
	size_t count = cycle.count - first < OWNERS_AT_ONCE ? cycle.count - first : OWNERS_AT_ONCE;

	assert(first < cycle.count && count <= OWNERS_AT_ONCE);
	readers->count = 0;
	for (size_t i = first; i < first + count; i++)
		find_readers(cycle.owners[i], readers);
	chat_delivered(batch, (struct uuid_array){count, cycle.owners + first},
	               (struct bigint_array){count, cycle.numbers + first});
	if (readers->count > 0)
		chat_delivered_to(batch, readers->count, readers->readers);
	db_run(batch);
	note_reported(readers);
	for (size_t i = first; i < first + count; i++) {
		struct followed *feed = hub_find(cycle.owners[i]);

		if (feed != NULL && feed->reported < cycle.numbers[i])
			feed->reported = cycle.numbers[i];
	}
}

static void run_step(void)
{
	struct task task = {
	    .deadline_ms = loop_now_ms() + DEADLINE_MS,
	    .actor = {.kind = ACTOR_JOBS},
	    .name = "delivered",
	};

	uuid_format(uuid_v7(), task.request_id);
	task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &task);
	if (!task_run(&task, report_delivered))
		LOG_DEBUG("delivery not recorded", log_str("detail", task.problem.detail));
	arena_free(task.arena);
}

/* Runs the steps of a cycle, spread evenly over the second. The next cycle repeats a failed step.
 */
static void run_cycle(void)
{
	int64_t begin_ms = loop_now_ms();

	assert(!cycle.running && cycle.count <= OWNERS_MAX);
	for (cycle.first = 0; cycle.first < cycle.count && !cycle.stopping;
	     cycle.first += OWNERS_AT_ONCE) {
		cycle.running = true;
		run_step();
		cycle.running = false;
		size_t done = cycle.first + OWNERS_AT_ONCE;
		int64_t next_ms = begin_ms + (int64_t)(CYCLE_MS * done / (cycle.count + 1));

		if (done < cycle.count && next_ms > loop_now_ms())
			co_sleep_ms(next_ms - loop_now_ms());
	}
	int64_t left_ms = begin_ms + CYCLE_MS - loop_now_ms();

	co_sleep_ms(left_ms > 0 ? left_ms : 1);
}

static void run_forever(void *arg)
{
	(void)arg;
	while (!cycle.stopping) {
		cycle.count = 0;
		hub_each(collect, NULL);
		run_cycle();
	}
}

int delivered_start(void)
{
	cycle.stopping = false;
	return co_start(run_forever, NULL);
}

void delivered_stop(void)
{
	cycle.stopping = true;
}

bool delivered_is_running(void)
{
	return cycle.running;
}
