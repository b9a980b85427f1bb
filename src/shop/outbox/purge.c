#include "shop/outbox/outbox.h"

#include <assert.h>

#include "outbox.sql.h"
#include "shop/outbox/queues.h"
#include "task/forget.h"

enum {
	/* Rows per statement. */
	FORGET_MAX = 20000,
	EXPIRE_MAX = 5000,
	ROUNDS_MAX = 50, /* statements per topic and run */
};

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

	assert(topic->expire_s > 0);
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
	forget_all(task, forget_dead, FORGET_MAX);
	forget_all(task, forget_keys, FORGET_MAX);
	for (size_t i = 0; i < outbox.topic_count; i++)
		expire(task, i);
}
