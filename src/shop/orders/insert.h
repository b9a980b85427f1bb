/*
 * insert: the statement that inserts orders with all their rows and events, collected in a batch;
 * nothing is written until the batch runs.
 *
 * Either one order, by the customer who acts (or somebody for them), or orders of several customers
 * together, by the jobs role (place_together.h).
 */
#ifndef SEBEZ_SHOP_ORDERS_INSERT_H
#define SEBEZ_SHOP_ORDERS_INSERT_H

#include "shop/orders/order.h"
#include "task/db.h"
#include "task/params.h"

/* An order and who places it, and the answer that is stored with it under the key, if it has one.
 */
struct placing {
	const struct order *order;
	struct uuid account_id, session_id;
	const char *key; /* may be NULL */
	struct bytes hash, body;
};

/* Acquires the locks of the order's variants until key_lock_release: contention for a popular
 * variant must not block every database connection. Suspends. */
void order_lock_variants(struct task *task, const struct order *order);
/* The order of the acting customer. The statement raises when the cart or the stock has changed. */
void order_insert(struct db *batch, const struct order *order);
/* Orders of several customers, of one currency. The rows have the column id, of those that were
 * placed; what the placings refer to is copied. */
struct rows *orders_insert_together(struct db *batch, const char *operation, size_t count,
                                    const struct placing placings[]);

#endif
