#include "shop/returns/jobs.h"

#include <assert.h>

#include "returns.sql.h"
#include "shop/feed/feed.h"

enum {
	DUE_BATCH = 50,       /* per transaction, whose sub-orders are locked until its commit */
	DUE_BATCHES_MAX = 20, /* per run, so that a backlog leaves time for other jobs */
};

/* Each transaction is whole: a run that is cut off continues with the next one. */
void returns_meet_deadlines(struct task *task)
{
	int32_t done = DUE_BATCH;

	for (int i = 0; i < DUE_BATCHES_MAX && done == DUE_BATCH; i++) {
		struct db *tx = db_begin(task);

		done = sql_returns_meet_deadlines_rows(
		           tx, sql_returns_meet_deadlines(tx, DUE_BATCH), NULL)
		           ->done;
		assert(done >= 0 && done <= DUE_BATCH);
		feed_notify(tx);
		db_commit(tx);
	}
}
