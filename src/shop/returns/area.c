/* The area of returns (shop/area.h). */
#include "shop/returns/jobs.h"
#include "shop/returns/returns.h"
#include "task/job.h"
#include "web/limit.h"

static const struct job JOBS[] = {
    {"returns", JOB_AT_SETTING, returns_meet_deadlines},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* each is told to people */
    {"returns", LIMIT_BY_ACCOUNT, 60, 3600},
    {0},
};

const struct area AREA_RETURNS = {
    .name = "returns",
    .limits = LIMITS,
    .jobs = JOBS,
};
