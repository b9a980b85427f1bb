/* What carts contribute (shop/area.h). */
#include "shop/carts/carts.h"
#include "task/db_error.h"
#include "web/limit.h"

static const struct db_refusal REFUSALS[] = {
    {"SBC01", PROBLEM_CART_ORDERED, NULL},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* quotes and orders, with an app's impatient retries */
    {"checkout", LIMIT_BY_ACCOUNT, 300, 60},
    {0},
};

const struct area AREA_CARTS = {
    .name = "carts",
    .refusals = REFUSALS,
    .limits = LIMITS,
};
