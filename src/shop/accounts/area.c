/* What accounts contribute (shop/area.h). */
#include "shop/accounts/accounts.h"
#include "shop/accounts/upkeep.h"
#include "task/job.h"

static const struct job JOBS[] = {
    {"purge_accounts", JOB_HOURLY, accounts_purge},
    {0},
};

const struct area AREA_ACCOUNTS = {
    .name = "accounts",
    .jobs = JOBS,
};
