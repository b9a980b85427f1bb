/* The table of jobs. Each area contributes its rows. */
#include "node/jobs.h"
#include "shop/accounts/accounts.h"
#include "shop/orders/orders.h"

enum { HOUR_MS = 60 * 60 * 1000 };

const struct job JOBS[] = {
    {"deadlines", 0, orders_meet_deadlines},
    {"purge_accounts", HOUR_MS, accounts_purge},
    {NULL, 0, NULL}, /* ends the table, so that it is never empty */
};

const size_t JOB_COUNT = sizeof(JOBS) / sizeof(JOBS[0]) - 1;
