#include "unit.h"

#include "shop/orders/transitions.h"

enum {
	STAFF = BY_FULFILMENT | BY_MANAGER,
	EVERYBODY = BY_CUSTOMER | STAFF | BY_ADMIN | BY_CLOCK | BY_PAYMENT | BY_SHIPMENT,
};

/* The rules in the words of the specification, pair by pair; what is 0 must not be in the table. */
static unsigned who_may(enum sub_order_state from, enum sub_order_state to)
{
	static const unsigned MAY[SUB_ORDER_STATE_COUNT][SUB_ORDER_STATE_COUNT] = {
	    [AWAITING_PAYMENT] = {[PLACED] = BY_PAYMENT | BY_ADMIN,
	                          [CANCELLED] = BY_CUSTOMER | BY_MANAGER | BY_ADMIN | BY_CLOCK},
	    [PLACED] = {[ACCEPTED] = STAFF | BY_ADMIN,
	                [CANCELLED] = BY_CUSTOMER | BY_MANAGER | BY_ADMIN | BY_CLOCK},
	    [ACCEPTED] = {[PACKED] = STAFF | BY_ADMIN,
	                  [PART_SHIPPED] = BY_SHIPMENT,
	                  [SHIPPED] = STAFF | BY_ADMIN,
	                  [CANCELLED] = BY_MANAGER | BY_ADMIN | BY_CLOCK},
	    [PACKED] = {[PART_SHIPPED] = BY_SHIPMENT,
	                [SHIPPED] = STAFF | BY_ADMIN,
	                [CANCELLED] = BY_MANAGER | BY_ADMIN | BY_CLOCK},
	    [PART_SHIPPED] =
	        {[SHIPPED] = STAFF | BY_ADMIN | BY_CLOCK, [CANCELLED] = BY_MANAGER | BY_ADMIN},
	    [SHIPPED] = {[DELIVERED] = BY_CUSTOMER | STAFF | BY_ADMIN | BY_CLOCK},
	    [DELIVERED] = {[COMPLETED] = BY_CUSTOMER | BY_ADMIN | BY_CLOCK},
	};

	return MAY[from][to];
}

static void every_pair_is_allowed_to_whom_the_rules_say(void **state)
{
	for (int from = 0; from < SUB_ORDER_STATE_COUNT; from++)
		for (int to = 0; to < SUB_ORDER_STATE_COUNT; to++)
			for (unsigned who = 1; who <= BY_SHIPMENT; who <<= 1) {
				const struct transition *row = transition_find(from, to, who);
				assert_int_equal(row != NULL, (who_may(from, to) & who) != 0);
				assert_true(row == NULL ||
				            ((int)row->from == from && (int)row->to == to));
			}
}

static void what_is_allowed_is_what_can_be_found(void **state)
{
	for (int from = 0; from < SUB_ORDER_STATE_COUNT; from++)
		for (unsigned who = 0; who <= EVERYBODY; who++) {
			enum sub_order_state allowed[SUB_ORDER_STATE_COUNT];
			size_t count = transitions_allowed(from, who, allowed), found = 0;

			for (int to = 0; to < SUB_ORDER_STATE_COUNT; to++)
				found += transition_find(from, to, who) != NULL;
			assert_int_equal(count, found);
			for (size_t i = 0; i < count; i++)
				assert_non_null(transition_find(from, allowed[i], who));
		}
}

static void completed_and_cancelled_are_the_end(void **state)
{
	enum sub_order_state allowed[SUB_ORDER_STATE_COUNT];

	assert_int_equal(transitions_allowed(COMPLETED, EVERYBODY, allowed), 0);
	assert_int_equal(transitions_allowed(CANCELLED, EVERYBODY, allowed), 0);
}

static void cancelling_always_releases_and_nothing_else_does(void **state)
{
	for (int from = 0; from < SUB_ORDER_STATE_COUNT; from++)
		for (int to = 0; to < SUB_ORDER_STATE_COUNT; to++) {
			const struct transition *row = transition_find(from, to, EVERYBODY);
			if (row == NULL)
				continue;
			assert_int_equal(row->effect == RELEASE_STOCK, to == CANCELLED);
			assert_int_equal(row->needs_reason, to == CANCELLED);
		}
}

static void names_are_read_as_they_are_written(void **state)
{
	enum sub_order_state back = PACKED;

	for (int each = 0; each < SUB_ORDER_STATE_COUNT; each++) {
		assert_true(sub_order_state_parse(sub_order_state_name(each), &back));
		assert_int_equal((int)back, each);
	}
	back = PACKED;
	assert_false(sub_order_state_parse("returned", &back));
	assert_false(sub_order_state_parse("", &back));
	assert_int_equal(back, PACKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pair_is_allowed_to_whom_the_rules_say),
	    cmocka_unit_test(what_is_allowed_is_what_can_be_found),
	    cmocka_unit_test(completed_and_cancelled_are_the_end),
	    cmocka_unit_test(cancelling_always_releases_and_nothing_else_does),
	    cmocka_unit_test(names_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
