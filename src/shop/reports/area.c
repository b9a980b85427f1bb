/* The reports' area (shop/area.h), and the job that counts sales. */
#include <assert.h>

#include "net/loop.h"
#include "reports.sql.h"
#include "shop/reports/reports.h"
#include "task/job.h"

enum {
	COUNT_MS = 60 * 1000, /* reports are complete without it: they add what is left */
	/* Journals per transaction: some 200 ms. */
	COUNTED_MAX = 2000,
	/* Of a run, less than a job may take. The rest is left to the next run. */
	RUN_MS = 15 * 1000,
};

/* Each transaction is whole: a run that is cut off anywhere continues with the next one. */
static void count_sales(struct task *task)
{
	int64_t end_ms = loop_now_ms() + RUN_MS;
	struct db *db = db_of(task);
	int32_t done;

	do {
		done = sql_sales_count_some_rows(db, sql_sales_count_some(db, COUNTED_MAX), NULL)
		           ->done;
		assert(done >= 0 && done <= COUNTED_MAX);
	} while (done == COUNTED_MAX && loop_now_ms() < end_ms);
}

static const struct job JOBS[] = {
    {"count_sales", COUNT_MS, count_sales},
    {0},
};

const struct area AREA_REPORTS = {
    .name = "reports",
    .jobs = JOBS,
};
