#include "unit.h"

#include "base/clock.h"
#include "base/money.h"
#include "shop/orders/order.h"

enum { ROUNDS = 2000, GROUPS_MAX = 20, LINES_MAX = 5, METHODS = 2 };

static void no_memory(void *owner)
{
	fail_msg("the arena is full");
}

static struct commission_terms random_terms(void)
{
	return (struct commission_terms){
	    .basis_points = (int32_t)random_between(0, 10000),
	    .per_unit = random_between(0, 1) * random_between(0, 5000),
	    .minimum = random_between(0, 1) * random_between(0, 50),
	    .maximum = random_between(-1, 1) < 0 ? -1 : random_between(50, 10000),
	    .on_shipping = random_between(0, 1),
	};
}

/* A cart of a few vendors with a few lines each, as if read from the database. */
static struct quote *random_quote(struct arena *arena)
{
	struct quote *quote = arena_alloc(arena, sizeof(*quote));

	*quote = (struct quote){
	    .cart_id = uuid_v7(),
	    .cart_version = 1,
	    .terms = {.currency = "USD",
	              .service_fee_fixed = random_between(0, 1) * random_between(0, 2000),
	              .service_fee_basis_points = (int32_t)random_between(0, 10000)},
	    .group_count = (size_t)random_between(1, GROUPS_MAX),
	};
	quote->groups = arena_array(arena, quote->group_count, sizeof(quote->groups[0]));
	quote->lines = arena_array(arena, quote->group_count * LINES_MAX, sizeof(quote->lines[0]));
	for (size_t g = 0; g < quote->group_count; g++) {
		struct quote_group *group = &quote->groups[g];
		*group = (struct quote_group){
		    .vendor_id = uuid_v7(),
		    .vendor_name = "Clay",
		    .vendor_slug = "clay",
		    .lines = quote->lines + quote->line_count,
		    .line_count = (size_t)random_between(1, LINES_MAX),
		    .methods = arena_array(arena, METHODS, sizeof(group->methods[0])),
		    .method_count = (size_t)random_between(1, METHODS),
		};
		for (size_t m = 0; m < group->method_count; m++)
			group->methods[m] = (struct quote_method){
			    .id = uuid_v7(),
			    .name = "Parcel",
			    .list_price = random_between(0, 2000),
			    .free_above = random_between(-1, 5000),
			};
		for (size_t i = 0; i < group->line_count; i++)
			quote->lines[quote->line_count++] = (struct quote_line){
			    .vendor_id = group->vendor_id,
			    .commission = random_terms(),
			    .goods =
			        {
			            .variant_id = uuid_v7(),
			            .product_id = uuid_v7(),
			            .title = "Mug",
			            .variant_title = "Blue",
			            .quantity = (int32_t)random_between(1, 9999),
			            .price =
			                random_between(0, random_between(0, 1) ? 100 : 10000000),
			        },
			};
	}
	assert_int_equal(quote_price(quote, 0, NULL).what, CHOICES_FINE);
	return quote;
}

static struct order *split(struct arena *arena, const struct quote *quote)
{
	struct order_terms terms = {
	    .payment_method = "manual",
	    .state = AWAITING_PAYMENT,
	    .now_us = 1,
	    .deadline_us = 2,
	    .shipping_address = "{}",
	    .customer_name = "Ada",
	};

	return order_split(arena, quote, &terms);
}

static void assert_part_adds_up(const struct sub_order *part)
{
	int64_t lines = 0, of_shipping = 0;

	for (size_t i = 0; i < part->line_count; i++) {
		const struct order_line *line = &part->lines[i];
		assert_int_equal(line->goods.total, line->goods.price * line->goods.quantity);
		assert_int_equal(line->cancelled_quantity + line->shipped_quantity, 0);
		assert_int_equal(part->commissions[i].amount,
		                 commission_of(&part->commissions[i].terms, line->goods.total,
		                               line->goods.quantity));
		of_shipping += part->commissions[i].of_shipping;
		assert_in_range(part->commissions[i].amount, 0, line->goods.total);
		lines += line->goods.total;
	}
	assert_in_range(of_shipping, 0, part->amounts.shipping + (int64_t)part->line_count);
	assert_int_equal(lines, part->amounts.subtotal);
	assert_int_equal(part->amounts.total, part->amounts.subtotal + part->amounts.shipping -
	                                          part->amounts.discount + part->amounts.tax +
	                                          part->amounts.fee);
	assert_int_equal(part->cancelled_total, 0);
}

static void every_cent_of_an_order_belongs_to_one_part(void **state)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct arena *arena = arena_new(1 << 20, no_memory, NULL);
		const struct quote *quote = random_quote(arena);
		const struct order *order = split(arena, quote);
		int64_t subtotal = 0, shipping = 0, fee = 0, total = 0;

		assert_int_equal(order->sub_order_count, quote->group_count);
		for (size_t i = 0; i < order->sub_order_count; i++) {
			const struct sub_order *part = &order->sub_orders[i];
			assert_part_adds_up(part);
			subtotal += part->amounts.subtotal;
			shipping += part->amounts.shipping;
			fee += part->amounts.fee;
			total += part->amounts.total;
		}
		assert_int_equal(subtotal, order->amounts.subtotal);
		assert_int_equal(shipping, order->amounts.shipping);
		assert_int_equal(fee, order->amounts.fee);
		assert_int_equal(total, order->amounts.total);
		assert_int_equal(total, quote->amounts.total);
		arena_free(arena);
	}
}

/* Stock is locked, and sub-orders later, in the order of their vendors. */
static void parts_are_numbered_and_their_ids_ascend(void **state)
{
	struct arena *arena = arena_new(1 << 20, no_memory, NULL);
	const struct order *order = split(arena, random_quote(arena));

	for (size_t i = 0; i < order->sub_order_count; i++) {
		char number[32];
		snprintf(number, sizeof(number), "%s-%zu", order->number, i + 1);
		assert_string_equal(order->sub_orders[i].number, number);
		if (i > 0)
			assert_true(memcmp(&order->sub_orders[i - 1].id, &order->sub_orders[i].id,
			                   sizeof(struct uuid)) < 0);
	}
	arena_free(arena);
}

static void a_number_survives_the_telephone(void **state)
{
	for (int round = 0; round < 200; round++) {
		struct arena *arena = arena_new(1 << 20, no_memory, NULL);
		const struct order *order = split(arena, random_quote(arena));

		assert_int_equal(strlen(order->number), ORDER_NUMBER_LENGTH);
		assert_int_equal(strspn(order->number, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"),
		                 ORDER_NUMBER_LENGTH);
		assert_int_equal(order->number[4], '-');
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cent_of_an_order_belongs_to_one_part),
	    cmocka_unit_test(parts_are_numbered_and_their_ids_ascend),
	    cmocka_unit_test(a_number_survives_the_telephone),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
