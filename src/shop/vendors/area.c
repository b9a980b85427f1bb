/* The vendors' area (shop/area.h). */
#include "shop/vendors/vendors.h"
#include "task/db_error.h"
#include "web/limit.h"

static const struct db_constraint CONSTRAINTS[] = {
    {"vendor_slug_key", PROBLEM_EXISTS, "/slug", "exists", "Another vendor uses this slug."},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* each is a mail to an address that somebody chooses */
    {"invitation", LIMIT_BY_ACCOUNT, 30, 3600},
    {"follow", LIMIT_BY_ACCOUNT, 60, 60},
    {0},
};

const struct area AREA_VENDORS = {
    .name = "vendors",
    .constraints = CONSTRAINTS,
    .limits = LIMITS,
};
