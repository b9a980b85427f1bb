/*
 * jobs: releases earnings whose hold days are over, carries entries into the sums by day, and adds
 * these up for closed months. Each
 * transaction takes a bounded batch, and a job that is cut off anywhere continues in its next run.
 */
#include "shop/ledger/jobs.h"

#include <assert.h>

#include "ledger.sql.h"
#include "net/loop.h"
#include "periods.sql.h"

enum {
	/* Sub-orders per transaction: they and the balances of their vendors are locked until its
	 * commit, for some 50 ms. */
	RELEASED_MAX = 200,
	/* Journals per transaction: some 100 ms. */
	CARRIED_MAX = 2000,
	/* Of a run, less than a job may take. The rest is left to the next run. */
	RUN_MS = 15 * 1000,
};

static int32_t release_some(struct task *task)
{
	struct db *db = db_of(task);

	return sql_ledger_release_some_rows(db, sql_ledger_release_some(db, RELEASED_MAX), NULL)
	    ->done;
}

static int32_t release_reserves_some(struct task *task)
{
	struct db *db = db_of(task);

	return sql_ledger_release_reserves_some_rows(
	           db, sql_ledger_release_reserves_some(db, RELEASED_MAX), NULL)
	    ->done;
}

static int32_t carry_some(struct task *task)
{
	struct db *db = db_of(task);

	return sql_ledger_carry_some_rows(db, sql_ledger_carry_some(db, CARRIED_MAX), NULL)->done;
}

static void repeat(struct task *task, int32_t (*some)(struct task *task), int32_t most)
{
	int64_t end_ms = loop_now_ms() + RUN_MS;
	int32_t done;

	do {
		done = some(task);
		assert(done >= 0 && done <= most);
	} while (done == most && loop_now_ms() < end_ms);
}

void ledger_release(struct task *task)
{
	repeat(task, release_some, RELEASED_MAX);
	repeat(task, release_reserves_some, RELEASED_MAX);
}

void ledger_carry(struct task *task)
{
	repeat(task, carry_some, CARRIED_MAX);
	sql_periods_sum_up(db_of(task));
}
