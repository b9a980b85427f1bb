#include "shop/feed/delivered.h"

#include "base/limits.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/chat/chat.h"
#include "shop/feed/hub.h"

enum {
	OWNERS_MAX = 4000,   /* per turn; the rest is left to the next */
	OWNERS_AT_ONCE = 64, /* per step, which is a transaction */
	TURN_MS = 1000,
	DEADLINE_MS = 5000,
};

/* The owners of this turn and their acknowledged numbers; used by one fiber only. */
static struct {
	bool stopping, running;
	size_t first, count; /* those before first are reported to chat */
	struct uuid owners[OWNERS_MAX];
	int64_t numbers[OWNERS_MAX];
} turn;

static void collect(struct followed *feed, void *arg)
{
	(void)arg;
	if (feed->passed <= feed->told || turn.count == OWNERS_MAX)
		return;
	turn.owners[turn.count] = feed->id;
	turn.numbers[turn.count++] = feed->passed;
}

static void tell(struct task *task)
{
	struct db *batch = db_batch(task);
	size_t first = turn.first;
	size_t count = turn.count - first < OWNERS_AT_ONCE ? turn.count - first : OWNERS_AT_ONCE;

	chat_delivered(batch, (struct uuid_array){count, turn.owners + first},
	               (struct bigint_array){count, turn.numbers + first});
	db_run(batch);
	for (size_t i = first; i < first + count; i++) {
		struct followed *feed = hub_find(turn.owners[i]);

		if (feed != NULL && feed->told < turn.numbers[i])
			feed->told = turn.numbers[i];
	}
}

static void take_step(void)
{
	struct task task = {
	    .deadline_ms = loop_now_ms() + DEADLINE_MS,
	    .actor = {.kind = ACTOR_JOBS},
	    .name = "delivered",
	};

	uuid_format(uuid_v7(), task.request_id);
	task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &task);
	if (!task_run(&task, tell))
		LOG_DEBUG("delivery not recorded", log_str("detail", task.problem.detail));
	arena_free(task.arena);
}

/* Runs the steps of a turn, spread evenly over the second. The next turn repeats a failed step. */
static void take_turn(void)
{
	int64_t begin_ms = loop_now_ms();

	for (turn.first = 0; turn.first < turn.count && !turn.stopping;
	     turn.first += OWNERS_AT_ONCE) {
		turn.running = true;
		take_step();
		turn.running = false;
		size_t done = turn.first + OWNERS_AT_ONCE;
		int64_t next_ms = begin_ms + (int64_t)(TURN_MS * done / (turn.count + 1));

		if (done < turn.count && next_ms > loop_now_ms())
			co_sleep_ms(next_ms - loop_now_ms());
	}
	int64_t left_ms = begin_ms + TURN_MS - loop_now_ms();

	co_sleep_ms(left_ms > 0 ? left_ms : 1);
}

static void run_forever(void *arg)
{
	(void)arg;
	while (!turn.stopping) {
		turn.count = 0;
		hub_each(collect, NULL);
		take_turn();
	}
}

int delivered_start(void)
{
	turn.stopping = false;
	return co_start(run_forever, NULL);
}

void delivered_stop(void)
{
	turn.stopping = true;
}

bool delivered_is_running(void)
{
	return turn.running;
}
