/* The commissions' area (shop/area.h). */
#include "shop/commissions/commissions.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* a preview may add up the orders of three months */
    {"commission_previews", LIMIT_BY_ACCOUNT, 20, 60},
    {0},
};

const struct area AREA_COMMISSIONS = {
    .name = "commissions",
    .limits = LIMITS,
};
