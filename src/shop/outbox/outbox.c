#include "shop/outbox/outbox.h"

#include "net/log.h"
#include "outbox.sql.h"
#include "task/forget.h"

enum {
	/* Rows of one transaction, and of one topic's turn. */
	TAKE_MAX = 200,
	TURNS_MAX = 50,
	/* Longer than the transaction of a turn can take. */
	LEASE_S = 120,
	FORGET_MAX = 20000,
};

/* Rows of one topic, under one lease. */
struct taken {
	size_t count;
	int64_t *ids;
	struct uuid *subject_ids;
	int64_t lease_until;
};

/* A task of its own, so that a failure ends only this turn. */
struct key_lock {
	struct task task; /* first: the turn is found by it */
	const struct outbox_topic *topic;
	const struct taken *taken;
};

static void consume(struct task *task)
{
	const struct key_lock *turn = (const struct key_lock *)(void *)task;
	const struct taken *taken = turn->taken;
	struct bigint_array ids = {taken->count, taken->ids};
	struct db *batch = db_batch(task);

	if (turn->topic->consume)
		turn->topic->consume(batch, (struct uuid_array){taken->count, taken->subject_ids},
		                     ids);
	sql_outbox_done(batch, ids, taken->lease_until);
	db_run(batch);
}

/* NULL when all went well, else what did not. */
static const char *run_turn(struct task *task, const struct outbox_topic *topic,
                            const struct taken *taken)
{
	struct key_lock turn = {.topic = topic, .taken = taken};

	return task_attempt(task, &turn.task, consume);
}

/* One of them has failed, and with it all: each gets a turn of its own. */
static void run_one_by_one(struct task *task, const struct outbox_topic *topic,
                           const struct taken *taken)
{
	for (size_t i = 0; i < taken->count; i++) {
		struct taken one = {1, &taken->ids[i], &taken->subject_ids[i], taken->lease_until};
		const char *why = run_turn(task, topic, &one);
		if (!why)
			continue;
		LOG_WARNING("outbox row failed", log_str("topic", topic->name),
		            log_int("id", taken->ids[i]), log_str("why", why));
		sql_outbox_failed(db_of(task), (struct bigint_array){1, one.ids}, one.lease_until,
		                  why);
	}
}

static struct taken take(struct task *task, const struct outbox_topic *topic)
{
	struct db *db = db_of(task);
	size_t count;
	const struct rows *rows = sql_outbox_take(db, topic->name, TAKE_MAX, LEASE_S);
	const struct outbox_take_row *row = sql_outbox_take_rows(db, rows, &count);
	struct taken taken = {
	    .count = count,
	    .ids = arena_array(task->arena, count, sizeof taken.ids[0]),
	    .subject_ids = arena_array(task->arena, count, sizeof taken.subject_ids[0]),
	    .lease_until = count ? row->lease_until : 0,
	};

	for (size_t i = 0; i < count; i++) {
		taken.ids[i] = row[i].id;
		taken.subject_ids[i] = row[i].subject_id;
	}
	return taken;
}

/* True when there may be more of this topic. */
static bool deliver_some(struct task *task, const struct outbox_topic *topic)
{
	struct taken taken = take(task, topic);

	if (taken.count > 0 && run_turn(task, topic, &taken))
		run_one_by_one(task, topic, &taken);
	return taken.count == TAKE_MAX;
}

static void deliver_topic(struct task *task, const struct outbox_topic *topic)
{
	for (int turns = 0; turns < TURNS_MAX; turns++)
		if (!deliver_some(task, topic))
			break;
}

void outbox_deliver(struct task *task)
{
	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct outbox_topic *topic = AREAS[i]->topics;
		     topic != NULL && topic->name != NULL; topic++)
			deliver_topic(task, topic);
}

static int32_t forget_done(struct task *task)
{
	struct db *db = db_of(task);

	return sql_outbox_forget_rows(db, sql_outbox_forget(db, FORGET_MAX), NULL)->count;
}

static int32_t forget_keys(struct task *task)
{
	struct db *db = db_of(task);

	return sql_idempotency_forget_rows(db, sql_idempotency_forget(db, FORGET_MAX), NULL)->count;
}

void outbox_purge(struct task *task)
{
	forget_all(task, forget_done, FORGET_MAX);
	forget_all(task, forget_keys, FORGET_MAX);
}
