/* The ledger's area (shop/area.h). */
#include "shop/ledger/jobs.h"
#include "shop/ledger/ledger.h"
#include "task/job.h"

enum { CARRY_MS = 60 * 1000 }; /* the sums are complete without it: readers add what is left */

static const struct job JOBS[] = {
    {"release_earnings", JOB_AT_SETTING, ledger_release},
    {"carry_ledger", CARRY_MS, ledger_carry},
    {0},
};

const struct area AREA_LEDGER = {
    .name = "ledger",
    .jobs = JOBS,
};
