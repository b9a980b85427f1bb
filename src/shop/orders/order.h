/*
 * order: an order and its sub-orders as plain data, created by splitting a quote or read from the
 * database, and written in the shapes of the contract. Each shape has one writer.
 *
 * Amounts are minor units of the order's currency, as sold; later cancellations are counted
 * separately. Everything is allocated in the task's arena.
 */
#ifndef SEBEZ_SHOP_ORDERS_ORDER_H
#define SEBEZ_SHOP_ORDERS_ORDER_H

#include "base/json.h"
#include "base/uuid.h"
#include "shop/carts/carts.h"
#include "shop/orders/transitions.h"

enum { ORDER_NUMBER_LENGTH = 9, SUB_ORDER_NUMBER_LENGTH = 13 }; /* K7Q4-M2XD, K7Q4-M2XD-100 */

struct order_line {
	struct uuid id;
	struct goods goods;
	int32_t cancelled_quantity, shipped_quantity;
	int32_t refunded_quantity; /* of the shipped one */
};

struct commission {
	struct commission_terms terms;
	int64_t amount;
	int64_t of_shipping; /* on the line's share of the shipping */
};

/* The payment of an order, or the share of it that belongs to one sub-order. */
struct payment {
	const char *method, *state;
	int64_t amount;      /* as ordered */
	int64_t due;         /* less what was cancelled */
	int64_t received_at; /* TIME_INFINITY: not received */
	int64_t received, refunded;
	int64_t refund_due; /* of what was received, still to be paid back */
};

struct sub_order {
	struct uuid id, vendor_id, order_id;
	const char *vendor_name, *vendor_slug; /* slug may be NULL */
	const char *number;
	enum sub_order_state state;
	char currency[4];
	struct amounts amounts;
	int64_t percent_fee; /* the percentage part of the fee; only when placing */
	int64_t cancelled_total;
	struct uuid shipping_method_id; /* nil in old orders without one */
	const char *shipping_method_name;
	int32_t handling_days;
	const char *customer_name;
	const char *shipping_address; /* JSON */
	const char *note;             /* may be NULL */
	int64_t deadline_at, ship_by; /* TIME_INFINITY: none */
	const char *cancel_reason;    /* may be NULL */
	int64_t created_at, updated_at;
	int32_t version;
	bool confirmed; /* last change: the customer confirmed delivery */
	struct order_line *lines;
	struct commission *commissions; /* one per line, when placing; NULL when read */
	size_t line_count;
	const char *shipments; /* JSON array */
	unsigned who;          /* the reader's bits of enum may_move */
	/* For vendors and admins only: */
	const char *order_number; /* NULL when not read */
	struct payment share;
	int64_t commission_total, commission_tax;
	/* For admins only: */
	struct uuid customer_id;
	const char *account_name, *account_email;
	const char *history; /* JSON array */
};

/* The reader, which selects the fields shown. */
enum order_view { VIEW_CUSTOMER, VIEW_VENDOR, VIEW_ADMIN };

struct order {
	struct uuid id, cart_id;
	int32_t cart_version; /* as quoted; only when placing */
	char number[ORDER_NUMBER_LENGTH + 1];
	char currency[4];
	const char *status; /* derived from the sub-orders (SQL: order_status) */
	struct amounts amounts;
	struct payment payment;
	const char *shipping_address; /* JSON */
	const char *note;             /* may be NULL */
	int64_t created_at;
	struct sub_order *sub_orders;
	size_t sub_order_count;
	/* For admins only: */
	struct uuid account_id;
	const char *account_name, *account_email; /* NULL when not read */
};

/* What time, payment method and request determine of a new order. */
struct order_terms {
	const char *payment_method;
	enum sub_order_state state; /* PLACED, or AWAITING_PAYMENT until the money is received */
	bool paid;                  /* nothing to pay: counts as received */
	int64_t now_us;
	int64_t deadline_us;
	const char *shipping_address; /* JSON */
	const char *customer_name;
	const char *note;
};

/*
 * order_split: divides a priced quote into an order with one sub-order per vendor. Computes only.
 * Sums hold by construction: the quote's sums hold, and only commissions are rounded here.
 */
struct order *order_split(struct arena *arena, const struct quote *quote,
                          const struct order_terms *terms);

/* Write the shapes of the contract. */
void order_json(const struct order *order, enum order_view view, struct json *json);
void sub_order_json(const struct sub_order *sub_order, enum order_view view, struct json *json);
/* The states that `who` may move to, as an array. */
void transitions_json(enum sub_order_state from, unsigned who, struct json *json);
/* `who`, less the customer when delivery was already confirmed: confirming again has no effect. */
unsigned sub_order_movers(const struct sub_order *part, unsigned who);

#endif
