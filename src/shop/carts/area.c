/* The carts' area (shop/area.h). */
#include "shop/carts/carts.h"
#include "task/db_error.h"
#include "web/limit.h"

const struct problem_code PROBLEM_QUOTE_CHANGED[1] = {
    {"quote_changed", 409, "The price or delivery has changed"}};
const struct problem_code PROBLEM_OUT_OF_STOCK[1] = {
    {"out_of_stock", 409, "An item is out of stock"}};
const struct problem_code PROBLEM_NO_DELIVERY[1] = {
    {"no_delivery", 409, "A vendor does not deliver to this address"}};
const struct problem_code PROBLEM_CART_EMPTY[1] = {{"cart_empty", 409, "The cart is empty"}};
const struct problem_code PROBLEM_CART_ORDERED[1] = {
    {"cart_already_ordered", 409, "This cart was already ordered"}};

static const struct db_refusal REFUSALS[] = {
    {"SBC01", PROBLEM_CART_ORDERED, NULL},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* quotes and orders, with an app's frequent retries */
    {"checkout", LIMIT_BY_ACCOUNT, 300, 60},
    {0},
};

const struct area AREA_CARTS = {
    .name = "carts",
    .refusals = REFUSALS,
    .limits = LIMITS,
};
