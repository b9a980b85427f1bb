/*
 * order_read: builds orders from rows.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "orders_read.sql.h"
#include "shop/orders/orders.h"

enum order_view order_view_of(const struct task *task)
{
	enum actor_kind kind = task->actor.kind;

	assert(kind == ACTOR_CUSTOMER || kind == ACTOR_STAFF || kind == ACTOR_ADMIN);
	return kind == ACTOR_CUSTOMER ? VIEW_CUSTOMER
	       : kind == ACTOR_STAFF  ? VIEW_VENDOR
	                              : VIEW_ADMIN;
}

struct order_rows order_ask(struct db *batch, struct uuid order_id)
{
	bool admin = order_view_of(db_task(batch)) == VIEW_ADMIN;

	return (struct order_rows){
	    .order = sql_order_read(batch, order_id),
	    .sub_orders = sql_sub_orders_read(batch, &order_id, NULL),
	    .lines = sql_order_lines_read(batch, &order_id, NULL),
	    .customer = admin ? sql_order_customer(batch, &order_id, NULL) : NULL,
	};
}

struct sub_order_rows sub_order_ask(struct db *batch, struct uuid sub_order_id)
{
	enum order_view view = order_view_of(db_task(batch));
	bool admin = view == VIEW_ADMIN, buyer = view == VIEW_CUSTOMER;

	return (struct sub_order_rows){
	    .sub_order = sql_sub_orders_read(batch, NULL, &sub_order_id),
	    .lines = sql_order_lines_read(batch, NULL, &sub_order_id),
	    .money = buyer ? NULL : sql_sub_order_money(batch, sub_order_id),
	    .customer = admin ? sql_order_customer(batch, NULL, &sub_order_id) : NULL,
	    .history = admin ? sql_sub_order_history_json(batch, sub_order_id) : NULL,
	};
}

static void copy_currency(const char *from, char ret[4])
{
	assert(strlen(from) == 3);
	memcpy(ret, from, 4);
}

static int64_t time_or_infinity(const int64_t *time_us)
{
	return time_us != NULL ? *time_us : TIME_INFINITY;
}

static struct sub_order sub_order_of(const struct sub_orders_read_row *row)
{
	struct sub_order part = {
	    .id = row->id,
	    .vendor_id = row->vendor_id,
	    .order_id = row->order_id,
	    .vendor_name = row->vendor_name,
	    .vendor_slug = row->vendor_slug,
	    .number = row->number,
	    .amounts =
	        {
	            .subtotal = row->subtotal,
	            .shipping = row->shipping,
	            .discount = row->discount,
	            .tax = row->tax,
	            .fee = row->fee,
	            .total = row->total,
	        },
	    .cancelled_total = row->cancelled_total,
	    .shipping_method_name = row->shipping_method_name,
	    .handling_days = row->handling_days,
	    .customer_name = row->customer_name,
	    .shipping_address = row->shipping_address,
	    .note = row->note,
	    .deadline_at = time_or_infinity(row->deadline_at),
	    .ship_by = time_or_infinity(row->ship_by),
	    .cancel_reason = row->cancel_reason,
	    .created_at = row->created_at,
	    .updated_at = row->updated_at,
	    .version = row->version,
	    .confirmed = row->confirmed,
	    .shipments = row->shipments,
	};
	bool known = sub_order_state_parse(row->state, &part.state);

	assert(amounts_add_up(&part.amounts));
	assert(part.cancelled_total >= 0 && part.cancelled_total <= part.amounts.total);
	assert(known);
	if (row->shipping_method_id != NULL)
		part.shipping_method_id = *row->shipping_method_id;
	copy_currency(row->currency, part.currency);
	return part;
}

static struct order_line line_of(const struct order_lines_read_row *row)
{
	return (struct order_line){
	    .id = row->id,
	    .goods =
	        {
	            .product_id = row->product_id,
	            .variant_id = row->variant_id,
	            .title = row->title,
	            .variant_title = row->variant_title,
	            .sku = row->sku,
	            .image = row->image,
	            .quantity = row->quantity,
	            .price = row->price,
	            .total = row->total,
	        },
	    .cancelled_quantity = row->cancelled_quantity,
	    .shipped_quantity = row->shipped_quantity,
	    .refunded_quantity = row->refunded_quantity,
	};
}

/* Sub-orders and lines have the same sort order, so each sub-order's lines are contiguous and in
 * sequence. */
static struct sub_order *read_parts(struct db *batch, const struct rows *sub_orders,
                                    const struct rows *line_rows, size_t *ret_count)
{
	struct arena *arena = db_task(batch)->arena;
	size_t count, line_count, next = 0;
	const struct sub_orders_read_row *rows =
	    sql_sub_orders_read_rows(batch, sub_orders, &count);
	const struct order_lines_read_row *lines =
	    sql_order_lines_read_rows(batch, line_rows, &line_count);
	struct order_line *all = arena_array(arena, line_count, sizeof(all[0]));
	struct sub_order *parts = arena_array(arena, count, sizeof(parts[0]));

	for (size_t i = 0; i < count; i++) {
		parts[i] = sub_order_of(&rows[i]);
		parts[i].lines = all + next;
		while (next < line_count && uuid_equal(lines[next].sub_order_id, parts[i].id)) {
			all[next] = line_of(&lines[next]);
			next++;
			parts[i].line_count++;
		}
	}
	*ret_count = count;
	return parts;
}

struct order *order_fetch(struct db *batch, const struct order_rows *asked)
{
	struct order *order = arena_alloc(db_task(batch)->arena, sizeof(*order));
	size_t count;
	const struct order_read_row *row = sql_order_read_rows(batch, asked->order, &count);

	*order = (struct order){
	    .id = row->id,
	    .status = row->status,
	    .amounts =
	        {
	            .subtotal = row->subtotal,
	            .shipping = row->shipping,
	            .discount = row->discount,
	            .tax = row->tax,
	            .fee = row->fee,
	            .total = row->total,
	        },
	    .payment =
	        {
	            .method = row->payment_method,
	            .state = row->payment_state,
	            .amount = row->total,
	            .due = row->total,
	            .received_at = time_or_infinity(row->received_at),
	            .received = row->received_amount != NULL ? *row->received_amount : 0,
	            .refunded = row->refunded_amount,
	            .refund_due = row->refund_due,
	        },
	    .shipping_address = row->shipping_address,
	    .note = row->note,
	    .created_at = row->created_at,
	};
	assert(strlen(row->number) == ORDER_NUMBER_LENGTH);
	memcpy(order->number, row->number, sizeof(order->number));
	copy_currency(row->currency, order->currency);
	order->sub_orders =
	    read_parts(batch, asked->sub_orders, asked->lines, &order->sub_order_count);
	for (size_t i = 0; i < order->sub_order_count; i++)
		order->payment.due -= order->sub_orders[i].cancelled_total;
	assert(order->payment.due >= 0 && order->payment.due <= order->payment.amount);
	if (asked->customer != NULL) {
		const struct order_customer_row *customer =
		    sql_order_customer_rows(batch, asked->customer, &count);
		order->account_id = customer->id;
		order->account_name = customer->name;
		order->account_email = customer->email;
	}
	return order;
}

/* The enum may_move bits of a role (enum staff_role), as the contract's operations allow it. */
static unsigned staff_may_move(unsigned role)
{
	return ((role & SHIP_SUB_ORDER_STAFF) != 0 ? BY_FULFILMENT : 0) |
	       ((role & CANCEL_SUB_ORDER_BY_VENDOR_STAFF) != 0 ? BY_MANAGER : 0);
}

static void read_money(struct db *batch, const struct sub_order_rows *asked, struct sub_order *part)
{
	size_t count;
	const struct sub_order_money_row *money =
	    sql_sub_order_money_rows(batch, asked->money, &count);

	part->order_number =
	    arena_strndup(db_task(batch)->arena, part->number, ORDER_NUMBER_LENGTH);
	part->share = (struct payment){
	    .method = money->payment_method,
	    .state = money->payment_state,
	    .amount = money->amount,
	    .due = money->due,
	    .received_at = time_or_infinity(money->received_at),
	    .received = money->received_amount != NULL ? *money->received_amount : 0,
	    .refunded = money->refunded_amount,
	    .refund_due = money->refund_due,
	};
	assert(strlen(part->order_number) == ORDER_NUMBER_LENGTH);
	part->commission_total = money->commission;
	part->commission_tax = money->commission_tax;
	part->who =
	    money->staff_role != NULL ? staff_may_move((unsigned)*money->staff_role) : BY_ADMIN;
}

static void read_for_admin(struct db *batch, const struct sub_order_rows *asked,
                           struct sub_order *part)
{
	size_t count;
	const struct order_customer_row *customer =
	    sql_order_customer_rows(batch, asked->customer, &count);
	const struct sub_order_history_json_row *history =
	    sql_sub_order_history_json_rows(batch, asked->history, &count);

	part->customer_id = customer->id;
	part->account_name = customer->name;
	part->account_email = customer->email;
	part->history = history->items;
}

struct sub_order *sub_order_fetch(struct db *batch, const struct sub_order_rows *asked)
{
	size_t count;
	struct sub_order *part = read_parts(batch, asked->sub_order, asked->lines, &count);

	if (count == 0)
		task_end(db_task(batch), PROBLEM_NOT_FOUND, "Sub-order not found.");
	assert(count == 1);
	part->who = BY_CUSTOMER;
	if (asked->money != NULL)
		read_money(batch, asked, part);
	if (asked->customer != NULL)
		read_for_admin(batch, asked, part);
	return part;
}
