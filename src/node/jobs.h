/*
 * jobs: what happens by itself. The jobs process runs every row of JOBS on a fiber of its own, as
 * a task, again and again.
 *
 * Several servers may share a database, each with a jobs process: a job's SQL takes its work with
 * FOR UPDATE SKIP LOCKED (or pg_try_advisory_xact_lock), so that two never do the same.
 */
#ifndef SEBEZ_NODE_JOBS_H
#define SEBEZ_NODE_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "node/config.h"
#include "task/task.h"

struct job {
	const char *name;
	int64_t interval_ms; /* between the end of a run and the next; 0: SEBEZ_JOBS_INTERVAL_MS */
	void (*run)(struct task *task);
};

extern const struct job JOBS[];
extern const size_t JOB_COUNT;

/* The jobs process, until it is asked to go. Returns an exit status. */
int jobs_main(const struct config *config, unsigned slot);

#endif
