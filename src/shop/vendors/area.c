/* The vendors' area (shop/area.h). */
#include "shop/vendors/vendors.h"
#include "task/db_error.h"
#include "web/limit.h"

static const struct db_constraint CONSTRAINTS[] = {
    {"vendor_slug_key", PROBLEM_EXISTS, "/slug", "exists", "Another vendor uses this slug."},
    {0},
};

static const struct limit_rule LIMITS[] = {
    {"follow", LIMIT_BY_ACCOUNT, 60, 60},
    {0},
};

const struct area AREA_VENDORS = {
    .name = "vendors",
    .constraints = CONSTRAINTS,
    .limits = LIMITS,
};
