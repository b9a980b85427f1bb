/* The area of support views (shop/area.h). */
#include "shop/support/support.h"
#include "task/db_error.h"
#include "task/job.h"

static const struct db_constraint CONSTRAINTS[] = {
    {"support_view_session", PROBLEM_CONFLICT, NULL, "conflict",
     "The session has begun another view at the same time."},
    {0},
};

static const struct job JOBS[] = {
    {"purge_support_views", JOB_HOURLY, support_purge},
    {0},
};

const struct area AREA_SUPPORT = {
    .name = "support",
    .constraints = CONSTRAINTS,
    .jobs = JOBS,
};
