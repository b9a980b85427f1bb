/* The orders area (shop/area.h). */
#include "shop/orders/deadlines.h"
#include "shop/orders/orders.h"
#include "task/db_error.h"
#include "task/job.h"

static const struct db_refusal REFUSALS[] = {
    {"SBQ01", PROBLEM_QUOTE_CHANGED, "quote"},
    {"SBS01", PROBLEM_OUT_OF_STOCK, "lines"},
    {0},
};

static const struct job JOBS[] = {
    {"deadlines", JOB_AT_SETTING, orders_meet_deadlines},
    {0},
};

const struct area AREA_ORDERS = {
    .name = "orders",
    .refusals = REFUSALS,
    .jobs = JOBS,
};
