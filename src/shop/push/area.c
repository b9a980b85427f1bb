/* The push area (shop/area.h). */
#include "shop/push/push.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* apps register after each start */
    {"device", LIMIT_BY_ACCOUNT, 60, 60},
    {0},
};

const struct area AREA_PUSH = {
    .name = "push",
    .limits = LIMITS,
};
