#include <assert.h>

#include "notices.sql.h"
#include "shop/notices/notices.h"
#include "shop/outbox/outbox.h"
#include "task/forget.h"

enum {
	EVENTS_MAX = 500, /* per transaction, which locks the position */
	DUE_MAX = 1000,
	ROUNDS_MAX = 200, /* a run is no longer than a job may take */
	FORGET_MAX = 20000,
};

/* One transaction. True when there may be more to do; *told: it may have written to the outbox. */
static bool follow_some(struct task *task, bool *told)
{
	struct db *batch = db_batch(task);
	const struct rows *followed = sql_notices_follow(batch, EVENTS_MAX);
	const struct rows *due = sql_notices_due(batch, DUE_MAX);

	db_run(batch);
	int32_t ended = sql_notices_due_rows(batch, due, &(size_t){0})->count;
	const struct notices_follow_row *row =
	    sql_notices_follow_rows(batch, followed, &(size_t){0});

	assert(ended >= 0 && ended <= DUE_MAX);
	*told |= ended > 0 || (row != NULL && row->notices > 0);
	return (row != NULL && row->more) || ended == DUE_MAX;
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

static int32_t forget(struct task *task)
{
	struct db *db = db_of(task);

	return sql_notices_forget_rows(db, sql_notices_forget(db, FORGET_MAX), NULL)->count;
}

void notices_purge(struct task *task)
{
	forget_all(task, forget, FORGET_MAX);
}
