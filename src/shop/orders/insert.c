#include "shop/orders/insert.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "orders.sql.h"
#include "shop/feed/feed.h"
#include "task/key_lock.h"

struct new_order {
	const struct order *order;
	struct new_part *parts;
	size_t line_count;
	struct new_line *lines; /* sorted by (vendor, variant), the lock order of stock */
};

static struct new_part part_row(const struct sub_order *part)
{
	return (struct new_part){
	    .id = part->id,
	    .vendor = part->vendor_id,
	    .number = part->number,
	    .subtotal = part->amounts.subtotal,
	    .shipping = part->amounts.shipping,
	    .discount = part->amounts.discount,
	    .tax = part->amounts.tax,
	    .fee = part->amounts.fee,
	    .percent_fee = part->percent_fee,
	    .total = part->amounts.total,
	    .method = part->shipping_method_id,
	    .method_name = part->shipping_method_name,
	    .handling = part->handling_days,
	};
}

static struct new_line line_row(const struct sub_order *part, size_t i)
{
	const struct order_line *line = &part->lines[i];
	const struct commission *commission = &part->commissions[i];

	return (struct new_line){
	    .id = line->id,
	    .vendor = part->vendor_id,
	    .sub_order = part->id,
	    .position = (int32_t)i + 1,
	    .product = line->goods.product_id,
	    .variant = line->goods.variant_id,
	    .title = line->goods.title,
	    .variant_title = line->goods.variant_title,
	    .sku = line->goods.sku,
	    .image = line->goods.image,
	    .quantity = line->goods.quantity,
	    .price = line->goods.price,
	    .rate = commission->basis_points,
	    .commission = commission->amount,
	};
}

struct new_order *new_order(struct arena *arena, const struct order *order)
{
	struct new_order *new = arena_alloc(arena, sizeof(*new));
	size_t lines = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		lines += order->sub_orders[i].line_count;
	assert(lines > 0 && lines <= LIMIT_CART_LINES);
	*new = (struct new_order){
	    .order = order,
	    .parts = arena_array(arena, order->sub_order_count, sizeof(new->parts[0])),
	    .lines = arena_array(arena, lines, sizeof(new->lines[0])),
	};
	for (size_t i = 0; i < order->sub_order_count; i++) {
		const struct sub_order *part = &order->sub_orders[i];

		new->parts[i] = part_row(part);
		for (size_t line = 0; line < part->line_count; line++)
			new->lines[new->line_count++] = line_row(part, line);
	}
	return new;
}

void order_lock_variants(struct task *task, const struct new_order *new)
{
	struct uuid *variants = arena_array(task->arena, new->line_count, sizeof(variants[0]));

	for (size_t i = 0; i < new->line_count; i++)
		variants[i] = new->lines[i].variant;
	key_lock_acquire(task, new->line_count, variants);
}

/* NULL: it is awaited. */
static const int64_t *received_at(const struct order *order)
{
	const int64_t *at = &order->payment.received_at;

	return *at == TIME_INFINITY ? NULL : at;
}

void order_insert(struct db *batch, const struct new_order *new)
{
	const struct order *order = new->order;
	const struct sub_order *first = &order->sub_orders[0];

	sql_order_insert(batch, &(struct order_insert_args){
	                            .id = order->id,
	                            .number = order->number,
	                            .cart = order->cart_id,
	                            .version = order->cart_version,
	                            .currency = order->currency,
	                            .subtotal = order->amounts.subtotal,
	                            .shipping = order->amounts.shipping,
	                            .discount = order->amounts.discount,
	                            .tax = order->amounts.tax,
	                            .fee = order->amounts.fee,
	                            .total = order->amounts.total,
	                            .customer = first->customer_name,
	                            .address = order->shipping_address,
	                            .note = order->note,
	                            .state = sub_order_state_name(first->state),
	                            .deadline = &first->deadline_at,
	                            .at = order->created_at,
	                            .payment = uuid_v7(),
	                            .method = order->payment.method,
	                            .received = received_at(order),
	                            .parts_count = order->sub_order_count,
	                            .parts = new->parts,
	                            .lines_count = new->line_count,
	                            .lines = new->lines,
	                        });
}

static struct sub_order_state_out state_event(const struct sub_order *part)
{
	struct sub_order_state_out out = {
	    .id = part->id,
	    .order_id = part->order_id,
	    .vendor_id = part->vendor_id,
	    .number = part->number,
	    .status = (enum sub_order_status_choice)part->state,
	    .cancelled_total = {.amount = 0},
	    .version = part->version,
	};

	assert(part->cancelled_total == 0 && part->version == 1);
	memcpy(out.cancelled_total.currency, part->currency, sizeof(part->currency));
	return out;
}

/* For the customer of the order and for the vendor of each sub-order. */
static void write_events(struct db *batch, const struct order *order)
{
	struct task *task = db_task(batch);
	struct uuid customer = task->actor.account_id;
	struct sub_order_state_out *parts =
	    arena_array(task->arena, order->sub_order_count, sizeof(parts[0]));

	for (size_t i = 0; i < order->sub_order_count; i++)
		parts[i] = state_event(&order->sub_orders[i]);
	feed_write_order_placed(batch, customer,
	                        &(struct event_order_placed){
	                            .order_id = order->id,
	                            .number = order->number,
	                            .created_at = order->created_at,
	                            .sub_orders_count = order->sub_order_count,
	                            .sub_orders = parts,
	                        });
	for (size_t i = 0; i < order->sub_order_count; i++)
		feed_write_sub_order_changed(batch, parts[i].vendor_id,
		                             &(struct event_sub_order_changed){
		                                 .id = parts[i].id,
		                                 .order_id = parts[i].order_id,
		                                 .vendor_id = parts[i].vendor_id,
		                                 .number = parts[i].number,
		                                 .status = parts[i].status,
		                                 .cancelled_total = parts[i].cancelled_total,
		                                 .version = parts[i].version,
		                             });
	if (received_at(order) != NULL)
		feed_write_payment_received(
		    batch, customer, &(struct event_payment_received){.order_id = order->id});
}

void order_claim(struct db *batch, const struct new_order *new)
{
	const struct order *order = new->order;

	write_events(batch, order);
	sql_order_reserve_stock(batch, new->line_count, new->lines, order->created_at);
}
