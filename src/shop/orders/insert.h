/*
 * insert: the statements that insert an order, collected in a batch; nothing is written until the
 * batch runs.
 *
 * The order of the statements matters. order_insert takes the cart first, which rejects a second
 * order of the same cart. order_claim comes last: it locks what other orders may wait for, the
 * event feeds of customer and vendors and the stock. So a popular variant is locked for little
 * more than the commit.
 *
 * Orders of the same variant are serialised within the process (order_lock_variants): contention
 * for one variant must not block every database connection.
 */
#ifndef SEBEZ_SHOP_ORDERS_INSERT_H
#define SEBEZ_SHOP_ORDERS_INSERT_H

#include "shop/orders/order.h"
#include "task/db.h"

/* The rows to insert for an order. */
struct new_order;

struct new_order *new_order(struct arena *arena, const struct order *order);
/* Acquires the locks of the order's variants until key_lock_release. Suspends. */
void order_lock_variants(struct task *task, const struct new_order *new);
void order_insert(struct db *batch, const struct new_order *new);
void order_claim(struct db *batch, const struct new_order *new);

#endif
