/*
 * jobs: the process that runs the jobs of all areas (task/job.h), each on a fiber of its own.
 */
#ifndef SEBEZ_NODE_JOBS_H
#define SEBEZ_NODE_JOBS_H

#include "node/config.h"

/* Runs until the process receives a stop signal. Returns an exit status. */
int jobs_main(const struct config *config, unsigned slot);

#endif
