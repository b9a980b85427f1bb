/* The table of jobs. Each area contributes its rows. */
#include "node/jobs.h"

const struct job JOBS[] = {
    {NULL, 0, NULL}, /* ends the table, so that it is never empty */
};

const size_t JOB_COUNT = sizeof(JOBS) / sizeof(JOBS[0]) - 1;
