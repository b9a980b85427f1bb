/* The part of the metrics that is about background jobs. */
#include <assert.h>

#include "base/clock.h"
#include "node/metrics_segment.h"
#include "shop/shop.h"

static void sum_job(const struct metrics_segment *all, size_t job, struct metrics_job *ret)
{
	assert(job < METRICS_JOBS_MAX);
	*ret = (struct metrics_job){0};
	for (unsigned slot = 0; slot < all->count; slot++) {
		const struct metrics_job *one = &all->slots[slot].jobs[job];

		ret->good += __atomic_load_n(&one->good, __ATOMIC_RELAXED);
		ret->failed += __atomic_load_n(&one->failed, __ATOMIC_RELAXED);
		ret->sum_us += __atomic_load_n(&one->sum_us, __ATOMIC_RELAXED);
		if (one->good_at_ms > ret->good_at_ms) {
			ret->good_at_ms = one->good_at_ms;
			ret->interval_ms = one->interval_ms;
		}
	}
}

static void write_runs(struct buf *out, const struct metrics_segment *all)
{
	const struct job *job;
	struct metrics_job sum;

	metrics_write_head(out, "sebez_job_runs_total", "counter", "Runs of background jobs.");
	for (size_t i = 0; (job = shop_job(i)) != NULL; i++) {
		sum_job(all, i, &sum);
		buf_printf(out, "sebez_job_runs_total{job=\"%s\",result=\"good\"} %llu\n",
		           job->name, (unsigned long long)sum.good);
		buf_printf(out, "sebez_job_runs_total{job=\"%s\",result=\"failed\"} %llu\n",
		           job->name, (unsigned long long)sum.failed);
	}
	metrics_write_head(out, "sebez_job_seconds_total", "counter",
	                   "Time that background jobs took.");
	for (size_t i = 0; (job = shop_job(i)) != NULL; i++) {
		sum_job(all, i, &sum);
		buf_printf(out, "sebez_job_seconds_total{job=\"%s\"} %.6f\n", job->name,
		           (double)sum.sum_us / 1e6);
	}
}

/* Only of jobs that a process has begun to run. */
static void write_ages(struct buf *out, const struct metrics_segment *all)
{
	uint64_t now_ms = (uint64_t)clock_monotonic_ms();
	const struct job *job;
	struct metrics_job sum;

	metrics_write_head(out, "sebez_job_interval_seconds", "gauge",
	                   "Between the end of a run and the next.");
	for (size_t i = 0; (job = shop_job(i)) != NULL; i++) {
		sum_job(all, i, &sum);
		if (sum.good_at_ms != 0)
			buf_printf(out, "sebez_job_interval_seconds{job=\"%s\"} %.3f\n", job->name,
			           (double)sum.interval_ms / 1e3);
	}
	metrics_write_head(
	    out, "sebez_job_age_seconds", "gauge",
	    "Since the last good run ended, or since the start when there was none.");
	for (size_t i = 0; (job = shop_job(i)) != NULL; i++) {
		sum_job(all, i, &sum);
		if (sum.good_at_ms != 0 && now_ms >= sum.good_at_ms)
			buf_printf(out, "sebez_job_age_seconds{job=\"%s\"} %.3f\n", job->name,
			           (double)(now_ms - sum.good_at_ms) / 1e3);
	}
}

void metrics_write_jobs(struct buf *out, const struct metrics_segment *all)
{
	write_runs(out, all);
	write_ages(out, all);
}
