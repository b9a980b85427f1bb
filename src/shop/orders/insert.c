#include "shop/orders/insert.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "orders.sql.h"
#include "shop/feed/feed.h"
#include "task/key_lock.h"

/* The rows of the orders, in their order. */
struct inserting {
	size_t order_count, part_count, line_count;
	struct order_row *orders;
	struct part_row *parts;
	struct line_row *lines;
};

static size_t lines_of(const struct order *order)
{
	size_t count = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		count += order->sub_orders[i].line_count;
	assert(count > 0 && count <= LIMIT_CART_LINES);
	return count;
}

/* NULL: it is awaited. */
static const int64_t *received_at(const struct order *order)
{
	const int64_t *at = &order->payment.received_at;

	return *at == TIME_INFINITY ? NULL : at;
}

static struct order_row order_row(const struct placing *placing, const char *events)
{
	const struct order *order = placing->order;
	const struct sub_order *first = &order->sub_orders[0];
	bool keeps = placing->key != NULL;

	return (struct order_row){
	    .account = placing->account_id,
	    .session = placing->session_id,
	    .key = placing->key,
	    .hash = keeps ? &placing->hash : NULL,
	    .body = keeps ? &placing->body : NULL,
	    .events = events,
	    .id = order->id,
	    .number = order->number,
	    .cart = order->cart_id,
	    .version = order->cart_version,
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
	};
}

static struct part_row part_row(const struct sub_order *part, size_t of)
{
	return (struct part_row){
	    .of = (int32_t)of,
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

static struct line_row line_row(const struct sub_order *part, size_t i, size_t of)
{
	const struct order_line *line = &part->lines[i];
	const struct commission *commission = &part->commissions[i];

	return (struct line_row){
	    .of = (int32_t)of,
	    .id = line->id,
	    .position = (int32_t)i + 1,
	    .product = line->goods.product_id,
	    .variant = line->goods.variant_id,
	    .title = line->goods.title,
	    .variant_title = line->goods.variant_title,
	    .sku = line->goods.sku,
	    .image = line->goods.image,
	    .quantity = line->goods.quantity,
	    .price = line->goods.price,
	    .rule = uuid_is_nil(commission->terms.rule) ? NULL : &commission->terms.rule,
	    .rate = commission->terms.basis_points,
	    .commission = commission->amount,
	    .shipping_commission = commission->of_shipping,
	    .tax_rate = commission->terms.tax_basis_points,
	};
}

void order_lock_variants(struct task *task, const struct order *order)
{
	struct uuid *variants = arena_array(task->arena, lines_of(order), sizeof(variants[0]));
	size_t count = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		for (size_t line = 0; line < order->sub_orders[i].line_count; line++)
			variants[count++] = order->sub_orders[i].lines[line].goods.variant_id;
	key_lock_acquire(task, count, variants);
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

static enum payment_method_choice method_of(const struct order *order)
{
	int method = 0;

	while (strcmp(PAYMENT_METHOD_NAMES[method], order->payment.method) != 0) {
		method++;
		assert(method < PAYMENT_METHOD_COUNT);
	}
	return (enum payment_method_choice)method;
}

/* For the customer of the order and for the vendor of each sub-order. Returns them as lines, which
 * the statement adds for the orders that it places. */
static const char *events_of(struct db *batch, const struct placing *placing)
{
	const struct order *order = placing->order;
	struct uuid customer = placing->account_id;
	struct sub_order_state_out *parts =
	    arena_array(db_task(batch)->arena, order->sub_order_count, sizeof(parts[0]));

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
		feed_write_payment_received(batch, customer,
		                            &(struct event_payment_received){
		                                .order_id = order->id,
		                                .method = method_of(order),
		                                .by = MOVED_BY_CUSTOMER,
		                            });
	return feed_take_lines(batch);
}

static void add_parts(struct inserting *all, const struct order *order)
{
	for (size_t i = 0; i < order->sub_order_count; i++) {
		const struct sub_order *part = &order->sub_orders[i];

		all->parts[all->part_count++] = part_row(part, all->order_count);
		for (size_t line = 0; line < part->line_count; line++)
			all->lines[all->line_count++] = line_row(part, line, all->part_count);
	}
}

static struct inserting collect(struct db *batch, size_t count, const struct placing placings[])
{
	struct arena *arena = db_task(batch)->arena;
	size_t parts = 0, lines = 0;

	assert(count > 0 && count <= LIMIT_TOGETHER);
	for (size_t i = 0; i < count; i++) {
		parts += placings[i].order->sub_order_count;
		lines += lines_of(placings[i].order);
	}
	struct inserting all = {
	    .orders = arena_array(arena, count, sizeof(all.orders[0])),
	    .parts = arena_array(arena, parts, sizeof(all.parts[0])),
	    .lines = arena_array(arena, lines, sizeof(all.lines[0])),
	};

	for (size_t i = 0; i < count; i++) {
		all.orders[all.order_count++] =
		    order_row(&placings[i], events_of(batch, &placings[i]));
		add_parts(&all, placings[i].order);
	}
	assert(all.part_count == parts && all.line_count == lines);
	return all;
}

static struct rows *insert(struct db *batch, const char *operation, size_t count,
                           const struct placing placings[])
{
	struct inserting all = collect(batch, count, placings);

	return sql_orders_insert(
	    batch, &(struct orders_insert_args){
	               .together = operation != NULL,
	               .operation = operation,
	               .currency = arena_strdup(db_task(batch)->arena, placings[0].order->currency),
	               .orders_count = all.order_count,
	               .orders = all.orders,
	               .parts_count = all.part_count,
	               .parts = all.parts,
	               .lines_count = all.line_count,
	               .lines = all.lines,
	           });
}

void order_insert(struct db *batch, const struct order *order)
{
	const struct actor *actor = &db_task(batch)->actor;

	assert(actor->kind == ACTOR_CUSTOMER);
	insert(batch, NULL, 1,
	       &(struct placing){
	           .order = order,
	           .account_id = actor->account_id,
	           .session_id = actor->session_id,
	       });
}

struct rows *orders_insert_together(struct db *batch, const char *operation, size_t count,
                                    const struct placing placings[])
{
	assert(db_task(batch)->actor.kind == ACTOR_JOBS && operation != NULL);
	sql_orders_begin_together(batch, LIMIT_TOGETHER_LOCK_MS);
	return insert(batch, operation, count, placings);
}
