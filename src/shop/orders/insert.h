/*
 * insert: the statements that make an order, collected in a batch; nothing is written until it
 * runs.
 *
 * The order of the statements matters. First the cart is taken, which refuses a second order of it.
 * Last, in order_claim, comes what other orders may be waiting for: the events of the order's
 * owners, and the stock. So a popular variant is locked for little more than the commit. Whatever
 * else belongs to the transaction is collected between the two.
 *
 * Orders of the same variant take turns within the process (order_lock_variants), so that a crowd
 * at one variant waits there, and not with every connection to the database.
 */
#ifndef SEBEZ_SHOP_ORDERS_INSERT_H
#define SEBEZ_SHOP_ORDERS_INSERT_H

#include "shop/orders/order.h"
#include "task/db.h"

/* The rows of an order that is to be inserted. */
struct new_order;

struct new_order *new_order(struct arena *arena, const struct order *order);
/* Until key_lock_release. Suspends. */
void order_lock_variants(struct task *task, const struct new_order *new);
void order_insert(struct db *batch, const struct new_order *new);
void order_claim(struct db *batch, const struct new_order *new);

#endif
