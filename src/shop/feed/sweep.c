#include "shop/feed/sweep.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "feed.sql.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/feed/poll.h"
#include "shop/feed/read.h"
#include "task/task.h"

enum {
	SWEEP_MS = 500,
	DEADLINE_MS = 5000,
	FEEDS_MAX = 5000,        /* per statement */
	IDLE_MS = 5 * 60 * 1000, /* then a feed is no longer followed */
	FORGET_MS = 30 * 1000,
	SEEN_MAX = 64,
};

static struct {
	bool stopping, running;
	int64_t horizon; /* 0: no sweep yet */
	int64_t newest;  /* newest transaction found by a sweep */
	int64_t forgot_ms;
	/* Recent revocations: one found again keeps its first seen time. */
	int64_t seen[SEEN_MAX];
	unsigned seen_count;
} sweep;

static void hear_all(size_t count, const struct feed_sweep_row rows[])
{
	for (size_t i = 0; i < count; i++) {
		struct followed *feed = hub_find(rows[i].owner_id);

		if (rows[i].tx > sweep.newest)
			sweep.newest = rows[i].tx;
		if (feed != NULL && hub_hear(feed, rows[i].number, NULL, 0))
			polls_news(feed);
	}
}

static bool is_seen(int64_t id)
{
	unsigned count = sweep.seen_count < SEEN_MAX ? sweep.seen_count : SEEN_MAX;

	for (unsigned i = 0; i < count; i++)
		if (sweep.seen[i] == id)
			return true;
	sweep.seen[sweep.seen_count++ % SEEN_MAX] = id;
	return false;
}

static void revoke_all(size_t count, const struct feed_revocations_row rows[])
{
	static const struct uuid ANY;

	for (size_t i = 0; i < count; i++) {
		struct revocation revocation = {
		    .account_id = rows[i].account_id != NULL ? *rows[i].account_id : ANY,
		    .session_id = rows[i].session_id != NULL ? *rows[i].session_id : ANY,
		    .vendor_id = rows[i].vendor_id != NULL ? *rows[i].vendor_id : ANY,
		    .seen_ms = loop_now_ms(),
		};

		if (rows[i].tx > sweep.newest)
			sweep.newest = rows[i].tx;
		if (is_seen(rows[i].id))
			continue;
		hub_revoke(&revocation);
		polls_revoke(&revocation);
	}
}

/* The rest of a sweep that did not fit in one statement. */
static void sweep_more(struct task *task, struct uuid beyond)
{
	size_t count = FEEDS_MAX;

	while (count == FEEDS_MAX) {
		struct db *db = db_of(task);
		struct rows *rows = sql_feed_sweep(db, sweep.horizon, beyond, FEEDS_MAX);
		const struct feed_sweep_row *found = sql_feed_sweep_rows(db, rows, &count);

		assert(count <= FEEDS_MAX);
		hear_all(count, found);
		/* Owners come in order, so this ends. */
		assert(count == 0 || uuid_compare(found[count - 1].owner_id, beyond) > 0);
		if (count > 0)
			beyond = found[count - 1].owner_id;
	}
}

/*
 * After a crash the database may reuse the ids of transactions that were rolled back before its log
 * was flushed. The id of a transaction that committed writes is never reused, and later
 * transactions have higher ids. So the next sweep starts after the newest transaction found, or
 * where this one started when none was found.
 */
static void move_horizon(int64_t unseen)
{
	if (sweep.newest >= sweep.horizon)
		sweep.horizon = sweep.newest + 1;
	if (sweep.horizon > unseen)
		sweep.horizon = unseen;
	assert(sweep.horizon > 0);
}

/* No feed is known before the next sweep, and by then the log is flushed. */
static void begin_at(int64_t unseen)
{
	assert(unseen > 0); /* 0: no sweep yet */
	sweep.newest = 0;
	sweep.horizon = unseen;
}

static void run(struct task *task)
{
	static const struct uuid LOWEST;
	struct db *batch = db_batch(task);
	struct rows *horizon = sql_feed_horizon(batch), *feeds = NULL, *revocations = NULL;
	const struct feed_horizon_row *now;
	size_t count;

	if (sweep.horizon != 0) {
		feeds = sql_feed_sweep(batch, sweep.horizon, LOWEST, FEEDS_MAX);
		revocations = sql_feed_revocations(batch, sweep.horizon);
	}
	db_run(batch);
	now = sql_feed_horizon_rows(batch, horizon, &count);
	bool is_other = hub_set_epoch(now->epoch);

	if (is_other) {
		begin_at(now->horizon); /* transaction ids have restarted, too */
		polls_all_news();
		return;
	}
	if (feeds != NULL) {
		const struct feed_sweep_row *found = sql_feed_sweep_rows(batch, feeds, &count);

		assert(count <= FEEDS_MAX && revocations != NULL);
		hear_all(count, found);
		if (count == FEEDS_MAX)
			sweep_more(task, found[count - 1].owner_id);
		const struct feed_revocations_row *lost =
		    sql_feed_revocations_rows(batch, revocations, &count);
		revoke_all(count, lost);
		move_horizon(now->horizon);
	} else {
		begin_at(now->horizon);
	}
	read_trust(true);
}

static void run_once(void)
{
	struct task task = {
	    .deadline_ms = loop_now_ms() + DEADLINE_MS,
	    .actor = {.kind = ACTOR_JOBS},
	    .name = "sweep",
	};

	uuid_format(uuid_v7(), task.request_id);
	task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &task);
	if (!task_run(&task, run))
		LOG_DEBUG("sweep failed", log_str("detail", task.problem.detail));
	arena_free(task.arena);
}

static void run_forever(void *arg)
{
	(void)arg;
	while (!sweep.stopping) {
		sweep.running = true;
		run_once();
		sweep.running = false;
		int64_t now_ms = loop_now_ms();

		if (now_ms - sweep.forgot_ms > FORGET_MS) {
			sweep.forgot_ms = now_ms;
			hub_forget_idle(now_ms - IDLE_MS);
		}
		co_sleep_ms(SWEEP_MS);
	}
}

int sweep_start(void)
{
	memset(&sweep, 0, sizeof(sweep));
	return co_start(run_forever, NULL);
}

void sweep_stop(void)
{
	sweep.stopping = true;
}

bool sweep_is_running(void)
{
	return sweep.running;
}
