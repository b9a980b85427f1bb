#include "shop/demo/demo_orders.h"

#include <assert.h>
#include <stdio.h>

#include "api.gen.h"
#include "base/clock.h"
#include "demo.sql.h"
#include "shop/carts/carts.h"
#include "shop/orders/orders.h"

#define AT "@demo.sebez.test"

enum { LINES_MAX = 3, DEADLINE_HOURS = 48 };

_Static_assert(PLACED < ACCEPTED && ACCEPTED < PACKED && PACKED < SHIPPED && SHIPPED < DELIVERED &&
                   DELIVERED < COMPLETED,
               "fulfil() compares states");

struct demo_order {
	const char *email, *name;
	const char *address; /* JSON */
	struct {
		const char *sku;
		int32_t quantity;
	} lines[LINES_MAX];
	enum sub_order_state state; /* of all its parts, in the end */
};

static const char PORTLAND[] =
    "{\"name\":\"Casey Customer\",\"line1\":\"12 Harbour Street\","
    "\"city\":\"Portland\",\"postal_code\":\"04101\",\"country\":\"US\"}";
static const char LONDON[] = "{\"name\":\"Ada Byron\",\"line1\":\"12 St James's Square\","
                             "\"city\":\"London\",\"postal_code\":\"SW1Y 4JH\",\"country\":\"GB\"}";
static const char ARLINGTON[] =
    "{\"name\":\"Grace Murray\",\"line1\":\"5 Navy Yard\","
    "\"city\":\"Arlington\",\"postal_code\":\"22202\",\"country\":\"US\"}";

static const struct demo_order ORDERS[] = {
    {"customer" AT, "Casey Customer", PORTLAND, {{"PM-06-01", 1}, {"CC-10-01", 2}}, COMPLETED},
    {"ada" AT, "Ada Byron", LONDON, {{"CC-07-01", 2}, {"CK-12-01", 1}}, DELIVERED},
    {"grace" AT, "Grace Murray", ARLINGTON, {{"VD-09-01", 1}, {"CC-02-01", 2}}, SHIPPED},
    {"ada" AT, "Ada Byron", LONDON, {{"TH-01-01", 1}, {"CC-04-02", 3}}, PACKED},
    {"customer" AT, "Casey Customer", PORTLAND, {{"LT-08-01", 1}, {"CC-05-02", 2}}, ACCEPTED},
    {"grace" AT, "Grace Murray", ARLINGTON, {{"LT-02-01", 1}}, CANCELLED},
    {"ada" AT, "Ada Byron", LONDON, {{"OE-04-02", 1}}, AWAITING_PAYMENT},
    {"customer" AT,
     "Casey Customer",
     PORTLAND,
     {{"CC-01-01", 2}, {"NL-01-01", 1}, {"CK-06-01", 1}},
     PLACED},
};

static void fill_cart(struct task *task, const struct demo_order *demo)
{
	struct db *db = db_of(task);

	for (size_t i = 0; i < LINES_MAX && demo->lines[i].sku != NULL; i++) {
		struct uuid variant =
		    sql_demo_variant_rows(db, sql_demo_variant(db, demo->lines[i].sku), NULL)->id;

		cart_put(db, variant, demo->lines[i].quantity);
	}
}

static const struct order *place(struct task *task, const struct demo_order *demo)
{
	bool waits = demo->state == AWAITING_PAYMENT;
	int64_t now_us = clock_now_us();
	const struct order_terms terms = {
	    .payment_method = waits ? "manual" : "cash_on_delivery",
	    .state = waits ? AWAITING_PAYMENT : PLACED,
	    .now_us = now_us,
	    .deadline_us = now_us + INT64_C(3600000000) * DEADLINE_HOURS,
	    .shipping_address = demo->address,
	    .customer_name = demo->name,
	};
	const struct order *order;

	demo_sign_in(task, demo->email, ACTOR_CUSTOMER, 0);
	fill_cart(task, demo);
	order = orders_place(task, &terms);
	demo_sign_out(task);
	assert(order->sub_order_count > 0);
	return order;
}

/* Takes the vendor's steps up to that state. */
static void fulfil(struct task *task, const struct sub_order *part, enum sub_order_state state)
{
	static const enum sub_order_state STEPS[] = {ACCEPTED, PACKED, SHIPPED, DELIVERED};

	assert(state != AWAITING_PAYMENT && state != PLACED);
	demo_sign_in(task, demo_owner(part->vendor_slug), ACTOR_STAFF, STAFF_OWNER);
	task->actor.vendor_id = part->vendor_id;
	if (state == CANCELLED)
		orders_move_to(task, part->id, CANCELLED, "The last one was flawed; we are sorry.");
	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
		if (state >= STEPS[i] && state != CANCELLED)
			orders_move_to(task, part->id, STEPS[i], NULL);
	}
	demo_sign_out(task);
}

static void confirm(struct task *task, const struct demo_order *demo, const struct order *order)
{
	demo_sign_in(task, demo->email, ACTOR_CUSTOMER, 0);
	for (size_t i = 0; i < order->sub_order_count; i++)
		orders_move_to(task, order->sub_orders[i].id, COMPLETED, NULL);
	demo_sign_out(task);
}

void demo_orders(struct task *task)
{
	size_t count = sizeof(ORDERS) / sizeof(ORDERS[0]);

	for (size_t i = 0; i < count; i++) {
		const struct demo_order *demo = &ORDERS[i];
		const struct order *order = place(task, demo);

		for (size_t p = 0; p < order->sub_order_count; p++) {
			if (demo->state != AWAITING_PAYMENT && demo->state != PLACED)
				fulfil(task, &order->sub_orders[p], demo->state);
		}
		if (demo->state == COMPLETED)
			confirm(task, demo, order);
	}
	printf("  %zu orders\n", count);
}
