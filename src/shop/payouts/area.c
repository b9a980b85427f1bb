/* The payouts' area (shop/area.h). */
#include "shop/payouts/jobs.h"
#include "shop/payouts/payouts.h"
#include "task/job.h"
#include "web/limit.h"

static const struct job JOBS[] = {
    {"payouts", JOB_HOURLY, payouts_run},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* bank details change rarely */
    {"payout_accounts", LIMIT_BY_ACCOUNT, 20, 3600},
    {0},
};

const struct area AREA_PAYOUTS = {
    .name = "payouts",
    .limits = LIMITS,
    .jobs = JOBS,
};
