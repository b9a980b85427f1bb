/* The webhooks area (shop/area.h). */
#include "shop/webhooks/webhooks.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* somebody who tries things out */
    {"webhooks", LIMIT_BY_ACCOUNT, 60, 60},
    {0},
};

const struct area AREA_WEBHOOKS = {
    .name = "webhooks",
    .limits = LIMITS,
};
