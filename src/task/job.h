/*
 * job: periodic background work. The jobs process (node/jobs.h) runs each job as a task,
 * repeatedly.
 *
 * Several servers may share a database, each with a jobs process: a job's SQL claims its work with
 * FOR UPDATE SKIP LOCKED (or pg_try_advisory_xact_lock), so that no work is done twice.
 */
#ifndef SEBEZ_TASK_JOB_H
#define SEBEZ_TASK_JOB_H

#include <assert.h>
#include <stdint.h>

#include "task/task.h"

enum {
	JOB_AT_SETTING = 0,          /* SEBEZ_JOBS_INTERVAL_MS */
	JOB_AT_RANKING_SETTING = -1, /* SEBEZ_RANKING_INTERVAL_MS */
	JOB_HOURLY = 60 * 60 * 1000,
};

struct job {
	const char *name;
	int64_t interval_ms; /* between the end of a run and the next, at most */
	void (*run)(struct task *task);
};

/* The job that runs has more to do in so many ms: its next run is then, unless its interval is over
 * earlier. */
static inline void job_again(struct task *task, int64_t ms)
{
	assert(ms > 0);
	task->again_ms = ms;
}

#endif
