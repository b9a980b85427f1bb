#include "shop/orders/insert.h"

#include <assert.h>

#include "base/clock.h"
#include "base/limits.h"
#include "orders.sql.h"
#include "shop/feed/feed.h"
#include "task/key_lock.h"

/*
 * An order as columns: one array per column, which the statements unnest into rows. Lines are in
 * the quote's order, by (vendor, variant), in which stock is locked.
 */
struct columns {
	size_t parts, lines;
	struct uuid *part_ids, *part_vendors, *methods;
	const char **numbers, **method_names;
	int64_t *subtotals, *shippings, *discounts, *taxes, *fees, *percent_fees, *totals;
	int32_t *handling;
	struct uuid *line_ids, *line_vendors, *line_parts, *products, *variants, *commission_ids;
	const char **titles, **variant_titles, **skus, **images;
	int32_t *positions, *quantities, *rates;
	int64_t *prices, *bases, *amounts;
};

#define COLUMN(field, count) columns->field = arena_array(arena, count, sizeof columns->field[0])

static void make_columns(struct columns *columns, struct arena *arena)
{
	size_t parts = columns->parts, lines = columns->lines;

	COLUMN(part_ids, parts);
	COLUMN(part_vendors, parts);
	COLUMN(methods, parts);
	COLUMN(numbers, parts);
	COLUMN(method_names, parts);
	COLUMN(subtotals, parts);
	COLUMN(shippings, parts);
	COLUMN(discounts, parts);
	COLUMN(taxes, parts);
	COLUMN(fees, parts);
	COLUMN(percent_fees, parts);
	COLUMN(totals, parts);
	COLUMN(handling, parts);
	COLUMN(line_ids, lines);
	COLUMN(line_vendors, lines);
	COLUMN(line_parts, lines);
	COLUMN(products, lines);
	COLUMN(variants, lines);
	COLUMN(commission_ids, lines);
	COLUMN(titles, lines);
	COLUMN(variant_titles, lines);
	COLUMN(skus, lines);
	COLUMN(images, lines);
	COLUMN(positions, lines);
	COLUMN(quantities, lines);
	COLUMN(rates, lines);
	COLUMN(prices, lines);
	COLUMN(bases, lines);
	COLUMN(amounts, lines);
}

#undef COLUMN

static void fill_part(struct columns *columns, size_t i, const struct sub_order *part)
{
	columns->part_ids[i] = part->id;
	columns->part_vendors[i] = part->vendor_id;
	columns->methods[i] = part->shipping_method_id;
	columns->numbers[i] = part->number;
	columns->method_names[i] = part->shipping_method_name;
	columns->subtotals[i] = part->amounts.subtotal;
	columns->shippings[i] = part->amounts.shipping;
	columns->discounts[i] = part->amounts.discount;
	columns->taxes[i] = part->amounts.tax;
	columns->fees[i] = part->amounts.fee;
	columns->percent_fees[i] = part->percent_fee;
	columns->totals[i] = part->amounts.total;
	columns->handling[i] = part->handling_days;
}

static void fill_line(struct columns *columns, size_t i, const struct sub_order *part,
                      size_t of_part)
{
	const struct order_line *line = &part->lines[of_part];
	const struct commission *commission = &part->commissions[of_part];

	columns->line_ids[i] = line->id;
	columns->line_vendors[i] = part->vendor_id;
	columns->line_parts[i] = part->id;
	columns->products[i] = line->goods.product_id;
	columns->variants[i] = line->goods.variant_id;
	columns->titles[i] = line->goods.title;
	columns->variant_titles[i] = line->goods.variant_title;
	columns->skus[i] = line->goods.sku;
	columns->images[i] = line->goods.image_url;
	columns->positions[i] = (int32_t)of_part + 1;
	columns->quantities[i] = line->goods.quantity;
	columns->prices[i] = line->goods.price;
	columns->commission_ids[i] = uuid_v7();
	columns->rates[i] = commission->basis_points;
	columns->bases[i] = commission->base;
	columns->amounts[i] = commission->amount;
}

static struct columns columns_of(struct arena *arena, const struct order *order)
{
	struct columns columns = {.parts = order->sub_order_count};
	size_t at = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		columns.lines += order->sub_orders[i].line_count;
	assert(columns.lines > 0 && columns.lines <= LIMIT_CART_LINES);
	make_columns(&columns, arena);
	for (size_t i = 0; i < order->sub_order_count; i++) {
		const struct sub_order *part = &order->sub_orders[i];
		fill_part(&columns, i, part);
		for (size_t of_part = 0; of_part < part->line_count; of_part++)
			fill_line(&columns, at++, part, of_part);
	}
	return columns;
}

#define UUIDS(count, field) ((struct uuid_array){count, c->field})
#define TEXTS(count, field) ((struct text_array){count, c->field})
#define INTS(count, field) ((struct int_array){count, c->field})
#define BIGINTS(count, field) ((struct bigint_array){count, c->field})

static void insert_parts(struct db *batch, const struct order *order, const struct columns *c)
{
	const struct sub_order *first = &order->sub_orders[0];
	const int64_t *received_at = &order->payment.received_at;
	size_t n = c->parts;

	sql_sub_orders_insert(batch, &(struct sub_orders_insert_args){
	                                 .order = order->id,
	                                 .state = sub_order_state_name(first->state),
	                                 .currency = order->currency,
	                                 .customer = first->customer_name,
	                                 .address = order->shipping_address,
	                                 .note = order->note,
	                                 .deadline = &first->deadline_at,
	                                 .at = order->created_at,
	                                 .ids = UUIDS(n, part_ids),
	                                 .vendors = UUIDS(n, part_vendors),
	                                 .numbers = TEXTS(n, numbers),
	                                 .subtotals = BIGINTS(n, subtotals),
	                                 .shippings = BIGINTS(n, shippings),
	                                 .discounts = BIGINTS(n, discounts),
	                                 .taxes = BIGINTS(n, taxes),
	                                 .fees = BIGINTS(n, fees),
	                                 .percent_fees = BIGINTS(n, percent_fees),
	                                 .totals = BIGINTS(n, totals),
	                                 .methods = UUIDS(n, methods),
	                                 .method_names = TEXTS(n, method_names),
	                                 .handling = INTS(n, handling),
	                             });
	sql_payment_insert(batch,
	                   &(struct payment_insert_args){
	                       .id = uuid_v7(),
	                       .order = order->id,
	                       .method = order->payment.method,
	                       .amount = order->amounts.total,
	                       .currency = order->currency,
	                       .at = order->created_at,
	                       .received = *received_at == TIME_INFINITY ? NULL : received_at,
	                       .vendors = UUIDS(n, part_vendors),
	                       .sub_orders = UUIDS(n, part_ids),
	                       .amounts = BIGINTS(n, totals),
	                   });
}

static void insert_lines(struct db *batch, const struct order *order, const struct columns *c)
{
	size_t n = c->lines;

	sql_order_lines_insert(batch, &(struct order_lines_insert_args){
	                                  .ids = UUIDS(n, line_ids),
	                                  .vendors = UUIDS(n, line_vendors),
	                                  .sub_orders = UUIDS(n, line_parts),
	                                  .positions = INTS(n, positions),
	                                  .products = UUIDS(n, products),
	                                  .variants = UUIDS(n, variants),
	                                  .titles = TEXTS(n, titles),
	                                  .variant_titles = TEXTS(n, variant_titles),
	                                  .skus = TEXTS(n, skus),
	                                  .images = TEXTS(n, images),
	                                  .quantities = INTS(n, quantities),
	                                  .prices = BIGINTS(n, prices),
	                              });
	sql_commission_lines_insert(batch, &(struct commission_lines_insert_args){
	                                       .currency = order->currency,
	                                       .ids = UUIDS(n, commission_ids),
	                                       .vendors = UUIDS(n, line_vendors),
	                                       .sub_orders = UUIDS(n, line_parts),
	                                       .lines = UUIDS(n, line_ids),
	                                       .rates = INTS(n, rates),
	                                       .bases = BIGINTS(n, bases),
	                                       .amounts = BIGINTS(n, amounts),
	                                   });
	sql_reservations_insert(batch, UUIDS(n, line_vendors), UUIDS(n, line_ids),
	                        UUIDS(n, variants), INTS(n, quantities));
}

void order_lock_variants(struct task *task, const struct order *order)
{
	struct columns columns = columns_of(task->arena, order);

	key_lock_acquire(task, columns.lines, columns.variants);
}

void order_insert(struct db *batch, const struct order *order)
{
	struct columns columns = columns_of(db_task(batch)->arena, order);

	sql_order_take_cart(batch, order->cart_id, order->cart_version);
	sql_order_insert(batch, &(struct order_insert_args){
	                            .id = order->id,
	                            .number = order->number,
	                            .cart = order->cart_id,
	                            .currency = order->currency,
	                            .subtotal = order->amounts.subtotal,
	                            .shipping = order->amounts.shipping,
	                            .discount = order->amounts.discount,
	                            .tax = order->amounts.tax,
	                            .fee = order->amounts.fee,
	                            .total = order->amounts.total,
	                            .address = order->shipping_address,
	                            .note = order->note,
	                            .at = order->created_at,
	                        });
	insert_parts(batch, order, &columns);
	insert_lines(batch, order, &columns);
	sql_order_notice(batch, order->id, "{}");
	sql_order_adds_up_now(batch);
}

void order_claim(struct db *batch, const struct order *order)
{
	struct columns columns = columns_of(db_task(batch)->arena, order);
	const struct columns *c = &columns;
	size_t n = columns.lines;

	sql_order_tell(batch, order->id);
	if (order->payment.received_at != TIME_INFINITY)
		sql_order_tell_paid(batch, order->id);
	feed_notify(batch);
	sql_order_take_stock(batch, UUIDS(n, line_vendors), UUIDS(n, variants), INTS(n, quantities),
	                     BIGINTS(n, prices));
}
