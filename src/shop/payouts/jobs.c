#include "shop/payouts/jobs.h"

#include <assert.h>

#include "net/loop.h"
#include "payouts.sql.h"

enum {
	/* Vendors per transaction, whose balances are locked until its commit: some 100 ms. */
	STAMPED_MAX = 500,
	/* Of a run, less than a job may take. The rest is left to the next run. */
	RUN_MS = 15 * 1000,
};

/* Each transaction is whole: a run that is cut off anywhere continues with the next one. */
void payouts_run(struct task *task)
{
	int64_t end_ms = loop_now_ms() + RUN_MS;
	struct db *db = db_of(task);
	int32_t done;

	do {
		done = sql_payouts_run_some_rows(db, sql_payouts_run_some(db, STAMPED_MAX), NULL)
		           ->done;
		assert(done >= 0 && done <= STAMPED_MAX);
	} while (done == STAMPED_MAX && loop_now_ms() < end_ms);
}
