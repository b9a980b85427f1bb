/*
 * order: an order and its sub-orders as plain data, made by splitting a quote or read from the
 * database, and written as the contract's shapes. One shape, one writer.
 *
 * Amounts are minor units of the order's currency, as sold; what was cancelled later is counted
 * beside them. Everything lives in the task's arena.
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
};

struct commission {
	int32_t basis_points;
	int64_t base, amount;
};

/* The payment of an order, or the share of it that belongs to one sub-order. */
struct payment {
	const char *method, *state;
	int64_t amount;      /* as ordered */
	int64_t due;         /* less what was cancelled */
	int64_t received_at; /* TIME_INFINITY: not yet */
	int64_t received, refunded;
};

struct sub_order {
	struct uuid id, vendor_id, order_id;
	const char *vendor_name, *vendor_slug; /* slug may be NULL */
	const char *number;
	enum sub_order_state state;
	char currency[4];
	struct amounts amounts;
	int64_t percent_fee; /* what of the fee is a percentage; only when placing */
	int64_t cancelled_total;
	struct uuid shipping_method_id; /* nil in orders of before each had one */
	const char *shipping_method_name;
	int32_t handling_days;
	const char *customer_name;
	const char *shipping_address; /* JSON */
	const char *note;             /* may be NULL */
	int64_t deadline_at, ship_by; /* TIME_INFINITY: none */
	const char *cancel_reason;    /* may be NULL */
	int64_t created_at, updated_at;
	int32_t version;
	bool confirmed; /* that it arrived, by its customer, and nothing has happened since */
	struct order_line *lines;
	struct commission *commissions; /* one per line, when placing; NULL when read */
	size_t line_count;
	const char *shipments; /* JSON array */
	unsigned who;          /* bits of enum may_move that its reader has */
	/* Only vendors and admins are shown these: */
	const char *order_number; /* NULL when not read */
	struct payment share;
	int64_t commission_total;
	/* Only admins: */
	struct uuid customer_id;
	const char *account_name, *account_email;
	const char *history; /* JSON array */
};

/* Who looks, and so what is shown. */
enum order_view { VIEW_CUSTOMER, VIEW_VENDOR, VIEW_ADMIN };

struct order {
	struct uuid id, cart_id;
	int32_t cart_version; /* as quoted; only when placing */
	char number[ORDER_NUMBER_LENGTH + 1];
	char currency[4];
	const char *status; /* what its sub-orders make of it (db: order_status) */
	struct amounts amounts;
	struct payment payment;
	const char *shipping_address; /* JSON */
	const char *note;             /* may be NULL */
	int64_t created_at;
	struct sub_order *sub_orders;
	size_t sub_order_count;
	/* Only admins are shown these: */
	struct uuid account_id;
	const char *account_name, *account_email; /* NULL when not read */
};

/* What the clock and the payment method make of a new order. */
struct order_terms {
	const char *payment_method;
	enum sub_order_state state; /* PLACED, or AWAITING_PAYMENT until the money is there */
	bool paid;                  /* nothing is to be paid, so all of it is there */
	int64_t now_us;
	int64_t deadline_us;
	const char *shipping_address; /* JSON */
	const char *customer_name;
	const char *note;
};

/*
 * order_split: divides a priced quote into an order with one sub-order per vendor. Computes only.
 * Sums hold by construction: the quote's do, and nothing is rounded here but commissions.
 */
struct order *order_split(struct arena *arena, const struct quote *quote,
                          const struct order_terms *terms);

/* The platform's fee on so many units of a line: at its sale, and on what is not cancelled. */
int64_t order_line_commission(const struct order_line *line, int32_t quantity,
                              int32_t basis_points);

/* The contract's shapes. */
void order_json(const struct order *order, enum order_view view, struct json *json);
void sub_order_json(const struct sub_order *sub_order, enum order_view view, struct json *json);
/* The states that `who` may take it to, as an array. */
void transitions_json(enum sub_order_state from, unsigned who, struct json *json);
/* Of `who`, those who still have something to do with it: a customer's second word changes nothing.
 */
unsigned sub_order_movers(const struct sub_order *part, unsigned who);

#endif
