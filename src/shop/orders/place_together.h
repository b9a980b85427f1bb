/*
 * place_together: places orders that arrive at the same time in one transaction (task/together.h).
 * The database checks each under its own session and places those that need nothing else
 * (orders_insert). Whatever is not placed this way is placed on its own.
 */
#ifndef SEBEZ_SHOP_ORDERS_PLACE_TOGETHER_H
#define SEBEZ_SHOP_ORDERS_PLACE_TOGETHER_H

#include "shop/orders/insert.h"

/* True when it was placed, and its answer is stored. Suspends; ends the task when it is not known
 * whether the order was or will be placed. */
bool place_together(struct task *task, const struct placing *placing);

#endif
