/*
 * split: turns a priced quote into an order with one sub-order per vendor.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/money.h"
#include "shop/orders/order.h"

/* Crockford's base 32: no I, L, O, U, so that numbers can be read out on the phone. */
static const char NUMBER_ALPHABET[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

_Static_assert(sizeof(NUMBER_ALPHABET) - 1 == 32, "five bits a character");

/* Forty random bits as K7Q4-M2XD: does not reveal the number of orders. */
static void number_random(char ret[ORDER_NUMBER_LENGTH + 1])
{
	uint8_t random[ORDER_NUMBER_LENGTH];

	randombytes_buf(random, sizeof(random));
	for (int i = 0; i < ORDER_NUMBER_LENGTH; i++)
		ret[i] = i == 4 ? '-' : NUMBER_ALPHABET[random[i] % 32];
	ret[ORDER_NUMBER_LENGTH] = '\0';
}

static void split_line(const struct quote_line *from, int64_t discount, int64_t shipping,
                       struct order_line *line, struct commission *commission)
{
	*line = (struct order_line){
	    .id = uuid_v7(),
	    .goods = from->goods,
	};
	*commission = (struct commission){
	    .terms = from->commission,
	    .amount = commission_of(&from->commission, line->goods.total - discount,
	                            line->goods.quantity),
	    .of_shipping = commission_of_shipping(&from->commission, shipping),
	};
	assert(from->problem == LINE_SELLABLE);
	assert(commission->amount >= 0 && commission->amount <= line->goods.total);
}

/* Discount and shipping belong to the lines in proportion to their totals. */
static void split_lines(const struct quote_group *group, struct sub_order *part)
{
	int64_t totals[LIMIT_CART_LINES], discounts[LIMIT_CART_LINES], shipping[LIMIT_CART_LINES];

	assert(group->line_count <= LIMIT_CART_LINES);
	for (size_t i = 0; i < group->line_count; i++)
		totals[i] = group->lines[i].goods.total;
	allocate(group->amounts.discount, group->line_count, totals, discounts);
	allocate(group->amounts.shipping, group->line_count, totals, shipping);
	for (size_t i = 0; i < group->line_count; i++)
		split_line(&group->lines[i], discounts[i], shipping[i], &part->lines[i],
		           &part->commissions[i]);
}

static void split_group(struct arena *arena, const struct order *order,
                        const struct quote_group *group, const struct order_terms *terms,
                        int position, struct sub_order *part)
{
	assert(group->method != NULL && group->line_count > 0);
	*part = (struct sub_order){
	    .id = uuid_v7(),
	    .vendor_id = group->vendor_id,
	    .order_id = order->id,
	    .vendor_name = group->vendor_name,
	    .vendor_slug = group->vendor_slug,
	    .number = arena_printf(arena, "%s-%d", order->number, position),
	    .state = terms->state,
	    .amounts = group->amounts,
	    .percent_fee = group->percent_fee,
	    .shipping_method_id = group->method->id,
	    .shipping_method_name = group->method->name,
	    .handling_days = group->method->handling_days,
	    .customer_name = terms->customer_name,
	    .shipping_address = terms->shipping_address,
	    .note = terms->note,
	    .deadline_at = terms->deadline_us,
	    .ship_by = TIME_INFINITY,
	    .created_at = terms->now_us,
	    .updated_at = terms->now_us,
	    .version = 1,
	    .lines = arena_array(arena, group->line_count, sizeof(part->lines[0])),
	    .commissions = arena_array(arena, group->line_count, sizeof(part->commissions[0])),
	    .line_count = group->line_count,
	    .shipments = "[]",
	};
	assert(strlen(part->number) <= SUB_ORDER_NUMBER_LENGTH);
	memcpy(part->currency, order->currency, sizeof(part->currency));
	split_lines(group, part);
}

struct order *order_split(struct arena *arena, const struct quote *quote,
                          const struct order_terms *terms)
{
	struct order *order = arena_alloc(arena, sizeof(*order));
	int64_t parts = 0;
	size_t lines = 0;

	assert(terms->state == PLACED || terms->state == AWAITING_PAYMENT);
	assert(!terms->paid || quote->amounts.total == 0);
	assert(quote->group_count > 0 && quote->problem_count == 0 &&
	       quote->undeliverable_count == 0);
	*order = (struct order){
	    .id = uuid_v7(),
	    .cart_id = quote->cart_id,
	    .cart_version = quote->cart_version,
	    .status = sub_order_state_name(terms->state), /* all sub-orders have it */
	    .amounts = quote->amounts,
	    .payment =
	        {
	            .method = terms->payment_method,
	            .state = terms->paid ? "received" : "pending",
	            .amount = quote->amounts.total,
	            .due = quote->amounts.total,
	            .received_at = terms->paid ? terms->now_us : TIME_INFINITY,
	        },
	    .shipping_address = terms->shipping_address,
	    .note = terms->note,
	    .created_at = terms->now_us,
	    .sub_orders = arena_array(arena, quote->group_count, sizeof(order->sub_orders[0])),
	    .sub_order_count = quote->group_count,
	};
	memcpy(order->currency, quote->terms.currency, sizeof(order->currency));
	number_random(order->number);
	for (size_t g = 0; g < quote->group_count; g++) {
		split_group(arena, order, &quote->groups[g], terms, (int)g + 1,
		            &order->sub_orders[g]);
		parts += order->sub_orders[g].amounts.total;
		lines += order->sub_orders[g].line_count;
	}
	assert(parts == order->amounts.total && lines == quote->line_count);
	return order;
}
