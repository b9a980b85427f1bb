/*
 * orders: placing, reading and moving orders. The interface for other areas.
 *
 * Reads are collected in a batch (order_ask) and fetched after it has run (order_fetch), so an
 * order, its sub-orders and their lines take one round trip. Row level security limits what the
 * actor reads; fetching a missing row ends the task with 404.
 */
#ifndef SEBEZ_SHOP_ORDERS_ORDERS_H
#define SEBEZ_SHOP_ORDERS_ORDERS_H

#include "shop/area.h"
#include "shop/orders/order.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_ORDERS;

struct refund_line_input_in;

/* The view of the task's actor: customer, staff or admin. */
enum order_view order_view_of(const struct task *task);

struct order_rows {
	const struct rows *order, *sub_orders, *lines;
	const struct rows *customer; /* VIEW_ADMIN, else NULL */
};

struct order_rows order_ask(struct db *batch, struct uuid order_id);
struct order *order_fetch(struct db *batch, const struct order_rows *asked);

struct sub_order_rows {
	const struct rows *sub_order, *lines;
	const struct rows *money;              /* VIEW_VENDOR, VIEW_ADMIN, else NULL */
	const struct rows *customer, *history; /* VIEW_ADMIN, else NULL */
};

struct sub_order_rows sub_order_ask(struct db *batch, struct uuid sub_order_id);
struct sub_order *sub_order_fetch(struct db *batch, const struct sub_order_rows *asked);

/* For tasks without a request, whose actor is the customer or staff of the vendor. */

/* Places the actor's open cart at the current quote, with each vendor's cheapest delivery. */
const struct order *orders_place(struct task *task, const struct order_terms *terms);
/* Moves a whole sub-order to a state. */
void orders_move_to(struct task *task, struct uuid sub_order_id, enum sub_order_state to,
                    const char *reason);

/* A refund of a sub-order that was shipped and paid. */
struct order_refund {
	struct uuid id, sub_order_id;
	size_t line_count;
	const struct refund_line_input_in *lines; /* of the contract: line_id, quantity, restock */
	int64_t shipping, goodwill;
	const char *shipping_currency, *goodwill_currency; /* NULL: the marketplace's */
	const char *goodwill_by;                           /* GoodwillBy of the contract */
	const char *reason;
};
/* Grants it, with all that follows from it. The sub-order is locked. Collects in chain; what is not
 * possible ends the task when that runs (400 of a field, 409). */
void orders_grant_refund(struct db *chain, const struct order_refund *refund);

/* For the area `payments`, in its transactions as the jobs role, in which the sub-orders of the
 * order are locked. Collect in chain; the first runs it before. */

/* A provider took this amount, at least what is due: sub-orders that await it are placed, and the
 * excess is due for refund. */
void orders_receive(struct db *chain, struct uuid order_id, int64_t amount, const char *reference);
/* A provider has paid back a row of payment_refund. */
void orders_refund(struct db *chain, struct uuid order_id, struct uuid refund_id);

#endif
