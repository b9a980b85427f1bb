/*
 * orders: placing, reading and moving orders. What other areas may call.
 *
 * Reading is asked of a batch and taken after it has run, so that an order, its sub-orders and
 * their lines are one round trip. Who reads sees what row level security leaves; taking what is not
 * there ends the task with 404.
 */
#ifndef SEBEZ_SHOP_ORDERS_ORDERS_H
#define SEBEZ_SHOP_ORDERS_ORDERS_H

#include "shop/area.h"
#include "shop/orders/order.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_ORDERS;

/* What the task's actor, a customer, staff or an admin, is shown. */
enum order_view order_view_of(const struct task *task);

struct order_rows {
	const struct rows *order, *sub_orders, *lines;
	const struct rows *customer; /* VIEW_ADMIN, else NULL */
};

struct order_rows order_ask(struct db *batch, struct uuid order_id);
struct order *order_fetch(struct db *batch, const struct order_rows *asked);

struct sub_order_rows {
	const struct rows *sub_order, *lines;
	const struct rows *money, *rates;      /* VIEW_VENDOR, VIEW_ADMIN, else NULL */
	const struct rows *customer, *history; /* VIEW_ADMIN, else NULL */
};

struct sub_order_rows sub_order_ask(struct db *batch, struct uuid sub_order_id);
struct sub_order *sub_order_fetch(struct db *batch, const struct sub_order_rows *asked);

/* Without a request: the task's actor is the customer, or staff of the vendor. */

/* Places the actor's open cart at today's quote, by each vendor's cheapest delivery. */
const struct order *orders_place(struct task *task, const struct order_terms *terms);
/* Takes all of a sub-order to the next state. */
void orders_move_to(struct task *task, struct uuid sub_order_id, enum sub_order_state to,
                    const char *reason);

#endif
