/* The campaigns area (shop/area.h). */
#include "shop/campaigns/campaigns.h"
#include "task/job.h"
#include "web/limit.h"

enum { SEND_MS = 1000 };

static const struct job JOBS[] = {
    {"campaigns", SEND_MS, campaigns_send},
    {"purge_campaigns", JOB_HOURLY, campaigns_purge},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* somebody who tries things out */
    {"campaigns", LIMIT_BY_ACCOUNT, 60, 60},
    /* a preview may look at some thousand accounts, and a test is sent to devices */
    {"campaign_trials", LIMIT_BY_ACCOUNT, 20, 60},
    {0},
};

const struct area AREA_CAMPAIGNS = {
    .name = "campaigns",
    .limits = LIMITS,
    .jobs = JOBS,
};
