/* The papers' area (shop/area.h), and its job. */
#include <assert.h>

#include "net/loop.h"
#include "papers.sql.h"
#include "shop/papers/make.h"
#include "shop/papers/papers.h"
#include "task/job.h"
#include "web/limit.h"

enum {
	/* Invoices per transaction: some 200 ms, in which no other takes a number of the
	 * marketplace. */
	ISSUED_MAX = 500,
	/* Of a run, less than a job may take. The rest is left to the next run. */
	RUN_MS = 15 * 1000,
};

static void issue_commissions(struct task *task)
{
	int64_t end_ms = loop_now_ms() + RUN_MS;
	struct db *db = db_of(task);
	int32_t done;

	do {
		done = sql_invoices_issue_commissions_rows(
		           db, sql_invoices_issue_commissions(db, ISSUED_MAX), NULL)
		           ->done;
		assert(done >= 0 && done <= ISSUED_MAX);
	} while (done > 0 && loop_now_ms() < end_ms);
}

static const struct job JOBS[] = {
    {"issue_commissions", JOB_HOURLY, issue_commissions},
    {0},
};

static int start(const struct area_options *options)
{
	paper_make_with(options->make_paper);
	return 0;
}

static const struct limit_rule LIMITS[] = {
    /* a PDF takes a process for a tenth of a second, a long statement a second */
    {"papers", LIMIT_BY_ACCOUNT, 120, 60},
    {0},
};

const struct area AREA_PAPERS = {
    .name = "papers",
    .limits = LIMITS,
    .jobs = JOBS,
    .start = start,
};
