#include <assert.h>

#include "notices.sql.h"
#include "shop/notices/notices.h"
#include "shop/outbox/outbox.h"
#include "task/forget.h"
#include "task/job.h"

enum {
	EVENTS_MAX = 500, /* per transaction, which locks the position */
	DUE_MAX = 1000,
	ROUNDS_MAX = 200, /* a run is no longer than a job may take */
	FORGET_MAX = 20000,
	/* Between two looks for waits that are over: those of many messages end together. */
	WAITS_APART_MS = 5,
};

/* One transaction. True when there may be more to do; *told: it may have written to the outbox. */
static bool follow_some(struct task *task, bool *told)
{
	struct db *db = db_of(task);
	const struct notices_follow_row *row =
	    sql_notices_follow_rows(db, sql_notices_follow(db, EVENTS_MAX), &(size_t){0});

	*told |= row != NULL && row->notices > 0;
	return row != NULL && row->more;
}

void notices_follow(struct task *task)
{
	bool more = true, told = false;

	for (int rounds = 0; more && rounds < ROUNDS_MAX; rounds++) {
		more = follow_some(task, &told);
		/* A message to a phone need not wait for the next look at the outbox. */
		if (told && (rounds == 0 || !more))
			outbox_dispatch(task);
	}
}

/* One transaction. Returns how many have ended; *next_ms: until the next one does, or NULL. */
static int32_t end_some(struct task *task, const int64_t **next_ms)
{
	struct db *batch = db_batch(task);
	const struct rows *due = sql_notices_due(batch, DUE_MAX);
	const struct rows *next = sql_notices_next_due(batch);

	db_run(batch);
	int32_t ended = sql_notices_due_rows(batch, due, &(size_t){0})->count;

	assert(ended >= 0 && ended <= DUE_MAX);
	*next_ms = sql_notices_next_due_rows(batch, next, &(size_t){0})->ms;
	return ended;
}

void notices_end_waits(struct task *task)
{
	const int64_t *next_ms = NULL;
	int32_t ended = DUE_MAX;

	for (int rounds = 0; ended == DUE_MAX && rounds < ROUNDS_MAX; rounds++) {
		ended = end_some(task, &next_ms);
		/* A person waits for these: they do not wait for the next look at the outbox. */
		if (ended > 0)
			outbox_dispatch(task);
	}
	if (next_ms != NULL)
		job_again(task, *next_ms > WAITS_APART_MS ? *next_ms : WAITS_APART_MS);
}

static int32_t forget(struct task *task)
{
	struct db *db = db_of(task);

	return sql_notices_forget_rows(db, sql_notices_forget(db, FORGET_MAX), NULL)->count;
}

void notices_purge(struct task *task)
{
	forget_all(task, forget, FORGET_MAX);
}
