/*
 * order_json: writes orders and sub-orders in the shapes of the contract.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "shop/orders/order.h"

static void raw(struct json *json, const char *key, const char *value)
{
	assert(value != NULL);
	json_key(json, key);
	json_raw(json, value, strlen(value));
}

static void one_line(struct json *json, const struct sub_order *part, const struct order_line *line)
{
	json_open_object(json);
	json_put_uuid(json, "id", line->id);
	goods_json(&line->goods, part->currency, json);
	json_put_int(json, "cancelled_quantity", line->cancelled_quantity);
	json_put_int(json, "shipped_quantity", line->shipped_quantity);
	json_put_int(json, "refunded_quantity", line->refunded_quantity);
	json_close_object(json);
}

static void shipping_method(struct json *json, const struct sub_order *part)
{
	json_key(json, "shipping_method");
	if (uuid_is_nil(part->shipping_method_id)) {
		json_nil(json);
		return;
	}
	json_open_object(json);
	json_put_uuid(json, "id", part->shipping_method_id);
	json_put_str(json, "name", part->shipping_method_name);
	json_close_object(json);
}

/* The deadline under the name that belongs to the current state. */
static void deadlines(struct json *json, const struct sub_order *part)
{
	bool to_ship =
	    part->state == ACCEPTED || part->state == PACKED || part->state == PART_SHIPPED;

	json_key(json, "deadlines");
	json_open_object(json);
	json_put_time(json, "pay_by",
	              part->state == AWAITING_PAYMENT ? part->deadline_at : TIME_INFINITY);
	json_put_time(json, "accept_by", part->state == PLACED ? part->deadline_at : TIME_INFINITY);
	json_put_time(json, "ship_by", to_ship ? part->ship_by : TIME_INFINITY);
	json_put_time(json, "cancel_at", to_ship ? part->deadline_at : TIME_INFINITY);
	json_put_time(json, "complete_at",
	              part->state == DELIVERED ? part->deadline_at : TIME_INFINITY);
	json_close_object(json);
}

void transitions_json(enum sub_order_state from, unsigned who, struct json *json)
{
	enum sub_order_state allowed[SUB_ORDER_STATE_COUNT];
	size_t count = transitions_allowed(from, who, allowed);

	json_open_array(json);
	for (size_t i = 0; i < count; i++)
		json_str(json, sub_order_state_name(allowed[i]));
	json_close_array(json);
}

unsigned sub_order_movers(const struct sub_order *part, unsigned who)
{
	return part->confirmed ? who & ~(unsigned)BY_CUSTOMER : who;
}

static void members(struct json *json, const struct sub_order *part, unsigned who)
{
	json_put_uuid(json, "id", part->id);
	json_put_str(json, "number", part->number);
	json_put_uuid(json, "order_id", part->order_id);
	json_put_str(json, "status", sub_order_state_name(part->state));
	seller_json(part->vendor_id, part->vendor_name, part->vendor_slug, json);
	json_key(json, "lines");
	json_open_array(json);
	for (size_t i = 0; i < part->line_count; i++)
		one_line(json, part, &part->lines[i]);
	json_close_array(json);
	amounts_json(&part->amounts, part->currency, json);
	json_put_money(json, "cancelled_total", part->cancelled_total, part->currency);
	shipping_method(json, part);
	raw(json, "shipments", part->shipments);
	json_key(json, "allowed_transitions");
	transitions_json(part->state, sub_order_movers(part, who), json);
	deadlines(json, part);
	json_put_str(json, "cancel_reason", part->cancel_reason);
	json_put_time(json, "created_at", part->created_at);
	json_put_time(json, "updated_at", part->updated_at);
}

static void payment(struct json *json, const struct payment *payment, const char *currency)
{
	assert(payment->refunded <= payment->received && payment->received <= payment->amount);
	json_key(json, "payment");
	json_open_object(json);
	json_put_str(json, "method", payment->method);
	json_put_str(json, "status", payment->state);
	json_put_money(json, "amount", payment->amount, currency);
	json_put_money(json, "due", payment->due, currency);
	json_put_time(json, "received_at", payment->received_at);
	json_put_money(json, "received_amount", payment->received, currency);
	json_put_money(json, "refunded_amount", payment->refunded, currency);
	json_put_money(json, "refund_due", payment->refund_due, currency);
	json_close_object(json);
}

static void person(struct json *json, struct uuid account_id, const char *name, const char *email)
{
	json_key(json, "customer");
	json_open_object(json);
	json_put_uuid(json, "id", account_id);
	json_put_str(json, "name", name);
	json_put_str(json, "email", email);
	json_close_object(json);
}

/* Of the customer, vendors see only what the parcel needs. */
static void members_of_vendor(struct json *json, const struct sub_order *part)
{
	json_put_str(json, "order_number", part->order_number);
	raw(json, "shipping_address", part->shipping_address);
	json_put_str(json, "note", part->note);
	payment(json, &part->share, part->currency);
	json_put_money(json, "commission", part->commission_total, part->currency);
	json_put_money(json, "commission_tax", part->commission_tax, part->currency);
}

void sub_order_json(const struct sub_order *part, enum order_view view, struct json *json)
{
	assert(view == VIEW_CUSTOMER || part->order_number != NULL);
	assert(view != VIEW_ADMIN || part->account_email != NULL);
	json_open_object(json);
	members(json, part, part->who);
	if (view != VIEW_CUSTOMER)
		members_of_vendor(json, part);
	if (view == VIEW_VENDOR) {
		json_key(json, "customer");
		json_open_object(json);
		json_put_str(json, "name", part->customer_name);
		json_close_object(json);
	} else if (view == VIEW_ADMIN) {
		person(json, part->customer_id, part->account_name, part->account_email);
		raw(json, "history", part->history);
	}
	json_close_object(json);
}

void order_json(const struct order *order, enum order_view view, struct json *json)
{
	unsigned who = view == VIEW_ADMIN ? BY_ADMIN : BY_CUSTOMER;

	json_open_object(json);
	json_put_uuid(json, "id", order->id);
	json_put_str(json, "number", order->number);
	json_put_str(json, "status", order->status);
	amounts_json(&order->amounts, order->currency, json);
	payment(json, &order->payment, order->currency);
	raw(json, "shipping_address", order->shipping_address);
	json_put_str(json, "note", order->note);
	json_key(json, "sub_orders");
	json_open_array(json);
	for (size_t i = 0; i < order->sub_order_count; i++) {
		json_open_object(json);
		members(json, &order->sub_orders[i], who);
		json_close_object(json);
	}
	json_close_array(json);
	if (view == VIEW_ADMIN)
		person(json, order->account_id, order->account_name, order->account_email);
	json_put_time(json, "created_at", order->created_at);
	json_close_object(json);
}
