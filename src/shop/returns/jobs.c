#include "shop/returns/jobs.h"

#include <assert.h>

#include "disputes.sql.h"
#include "returns.sql.h"
#include "shop/feed/feed.h"

/* Moves up to `most`, returns how many. */
typedef int32_t move_due_fn(struct db *tx, int32_t most);

static int32_t returns_due(struct db *tx, int32_t most)
{
	return sql_returns_meet_deadlines_rows(tx, sql_returns_meet_deadlines(tx, most), NULL)
	    ->done;
}

static int32_t returns_overdue(struct db *tx, int32_t most)
{
	return sql_returns_tell_overdue_rows(tx, sql_returns_tell_overdue(tx, most), NULL)->done;
}

static int32_t disputes_due(struct db *tx, int32_t most)
{
	return sql_disputes_meet_deadlines_rows(tx, sql_disputes_meet_deadlines(tx, most), NULL)
	    ->done;
}

enum {
	DUE_BATCH = 50,       /* per transaction, whose sub-orders are locked until its commit */
	DUE_BATCHES_MAX = 20, /* per run, so that a backlog leaves time for other jobs */
};

/* Each transaction is whole: a run that is cut off continues with the next one. */
static void meet(struct task *task, move_due_fn *move_due)
{
	int32_t done = DUE_BATCH;

	for (int i = 0; i < DUE_BATCHES_MAX && done == DUE_BATCH; i++) {
		struct db *tx = db_begin(task);

		done = move_due(tx, DUE_BATCH);
		assert(done >= 0 && done <= DUE_BATCH);
		feed_notify(tx);
		db_commit(tx);
	}
}

void returns_meet_deadlines(struct task *task)
{
	meet(task, returns_due);
	meet(task, disputes_due);
	meet(task, returns_overdue);
}
