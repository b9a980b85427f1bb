#include "shop/outbox/outbox.h"

#include <assert.h>
#include <stddef.h>

#include "net/log.h"
#include "outbox.sql.h"
#include "shop/outbox/queues.h"
#include "task/forget.h"

enum {
	/* Rows per transaction, and transactions per topic and run. */
	CONSUME_MAX = 200,
	ROUNDS_MAX = 50,
	/* Longer than the transaction of a batch can take. */
	LEASE_S = 120,
	FORGET_MAX = 20000,
	EXPIRE_MAX = 5000,
};

/* Rows of one topic, under one lease. */
struct leased {
	size_t count;
	int64_t *ids;
	struct uuid *subject_ids;
	int64_t lease;
};

/* A task of its own, so that a failure ends only this batch. */
struct consumption {
	struct task task; /* must be first: cast to the consumption */
	const struct outbox_topic *topic;
	const struct leased *rows;
};

_Static_assert(offsetof(struct consumption, task) == 0, "a task is cast to its consumption");

static void consume(struct task *task)
{
	const struct consumption *one = (const struct consumption *)(void *)task;
	const struct leased *rows = one->rows;
	struct bigint_array ids = {rows->count, rows->ids};
	struct db *batch = db_batch(task);

	assert(one->topic->kind == OUTBOX_IN_TRANSACTION && rows->count > 0);
	if (one->topic->consume != NULL)
		one->topic->consume(batch, (struct uuid_array){rows->count, rows->subject_ids},
		                    ids);
	sql_outbox_done(batch, ids, rows->lease);
	db_run(batch);
}

/* NULL on success, else the reason of the failure. */
static const char *attempt(struct task *task, const struct outbox_topic *topic,
                           const struct leased *rows)
{
	struct consumption one = {.topic = topic, .rows = rows};

	return task_attempt(task, &one.task, consume);
}

/* One row of the batch failed and rolled back all: consume each in its own transaction. */
static void consume_one_by_one(struct task *task, const struct outbox_topic *topic,
                               const struct leased *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct leased one = {1, &rows->ids[i], &rows->subject_ids[i], rows->lease};
		const char *why = attempt(task, topic, &one);
		if (why == NULL)
			continue;
		LOG_WARNING("outbox row failed", log_str("topic", topic->name),
		            log_int("id", rows->ids[i]), log_str("why", why));
		sql_outbox_failed(db_of(task), (struct bigint_array){1, one.ids}, one.lease, why);
	}
}

static struct leased lease(struct task *task, const struct outbox_topic *topic)
{
	struct db *db = db_of(task);
	size_t count;
	const struct rows *rows = sql_outbox_lease_topic(db, topic->name, CONSUME_MAX, LEASE_S);
	const struct outbox_lease_topic_row *row = sql_outbox_lease_topic_rows(db, rows, &count);
	struct leased leased = {
	    .count = count,
	    .ids = arena_array(task->arena, count, sizeof(leased.ids[0])),
	    .subject_ids = arena_array(task->arena, count, sizeof(leased.subject_ids[0])),
	    .lease = count ? row->lease : 0,
	};

	assert(count <= CONSUME_MAX);
	for (size_t i = 0; i < count; i++) {
		assert(row[i].lease == leased.lease); /* one lease for all */
		leased.ids[i] = row[i].id;
		leased.subject_ids[i] = row[i].subject_id;
	}
	return leased;
}

/* True when the topic may have more due rows. */
static bool consume_some(struct task *task, const struct outbox_topic *topic)
{
	struct leased rows = lease(task, topic);

	if (rows.count > 0 && attempt(task, topic, &rows) != NULL)
		consume_one_by_one(task, topic, &rows);
	return rows.count == CONSUME_MAX;
}

void outbox_consume(struct task *task)
{
	for (size_t i = 0; i < outbox.topic_count; i++) {
		if (outbox.topics[i]->kind != OUTBOX_IN_TRANSACTION)
			continue;
		for (int rounds = 0; rounds < ROUNDS_MAX; rounds++)
			if (!consume_some(task, outbox.topics[i]))
				break;
	}
}

static int32_t forget_done(struct task *task)
{
	struct db *db = db_of(task);

	return sql_outbox_forget_rows(db, sql_outbox_forget(db, FORGET_MAX), NULL)->count;
}

static int32_t forget_dead(struct task *task)
{
	struct db *db = db_of(task);

	return sql_dead_letters_forget_rows(db, sql_dead_letters_forget(db, FORGET_MAX), NULL)
	    ->count;
}

static int32_t forget_keys(struct task *task)
{
	struct db *db = db_of(task);

	return sql_idempotency_forget_rows(db, sql_idempotency_forget(db, FORGET_MAX), NULL)->count;
}

static void expire(struct task *task, size_t number)
{
	const struct outbox_topic *topic = outbox.topics[number];
	struct db *db = db_of(task);

	assert(topic->kind == OUTBOX_DELIVER && topic->expire_s > 0);
	for (int rounds = 0; rounds < ROUNDS_MAX; rounds++) {
		const struct rows *rows = sql_outbox_expire(db, topic->name, topic->expire_s,
		                                            !topic->drop_expired, EXPIRE_MAX);
		int32_t count = sql_outbox_expire_rows(db, rows, NULL)->count;

		assert(count >= 0 && count <= EXPIRE_MAX);
		outbox_count(number, OUTBOX_EXPIRED, (uint64_t)count);
		if (count < EXPIRE_MAX)
			break;
	}
}

void outbox_purge(struct task *task)
{
	forget_all(task, forget_done, FORGET_MAX);
	forget_all(task, forget_dead, FORGET_MAX);
	forget_all(task, forget_keys, FORGET_MAX);
	for (size_t i = 0; i < outbox.topic_count; i++)
		if (outbox.topics[i]->kind == OUTBOX_DELIVER)
			expire(task, i);
}
