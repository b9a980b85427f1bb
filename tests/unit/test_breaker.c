#include "unit.h"

#include "base/breaker.h"

enum { CHANCE = 0 }; /* backoff_ms halves then */

static const struct breaker_options OPTIONS = {.failures = 3, .first_ms = 1000, .max_ms = 4000};

static bool fail_at(struct breaker *breaker, int64_t now_ms)
{
	return breaker_fail(breaker, &OPTIONS, now_ms, CHANCE);
}

static struct breaker opened_at(int64_t now_ms)
{
	struct breaker breaker = {0};

	assert_false(fail_at(&breaker, now_ms));
	assert_false(fail_at(&breaker, now_ms));
	assert_int_equal(breaker_state(&breaker, now_ms), BREAKER_CLOSED);
	assert_true(fail_at(&breaker, now_ms));
	return breaker;
}

static void some_failures_in_a_row_open_it(void **state)
{
	struct breaker breaker = opened_at(100);

	assert_int_equal(breaker_state(&breaker, 599), BREAKER_OPEN);
	assert_int_equal(breaker_state(&breaker, 600), BREAKER_HALF_OPEN);
}

static void a_success_between_them_does_not_let_it_open(void **state)
{
	struct breaker breaker = {0};

	for (int i = 0; i < 10; i++) {
		assert_false(fail_at(&breaker, 0));
		assert_false(fail_at(&breaker, 0));
		breaker_succeed(&breaker);
		assert_true(breaker_is_pristine(&breaker));
	}
}

static void the_probe_closes_it(void **state)
{
	struct breaker breaker = opened_at(0);

	assert_int_equal(breaker_state(&breaker, 500), BREAKER_HALF_OPEN);
	breaker_succeed(&breaker);
	assert_int_equal(breaker_state(&breaker, 500), BREAKER_CLOSED);
	assert_true(breaker_is_pristine(&breaker));
}

static void a_probe_that_fails_opens_it_for_twice_as_long(void **state)
{
	static const int64_t OPEN_MS[] = {500, 1000, 2000, 2000};
	struct breaker breaker = opened_at(0);
	int64_t now_ms = 0;

	for (size_t i = 0; i < sizeof(OPEN_MS) / sizeof(OPEN_MS[0]); i++) {
		now_ms += OPEN_MS[i] - 1;
		assert_int_equal(breaker_state(&breaker, now_ms), BREAKER_OPEN);
		now_ms++;
		assert_int_equal(breaker_state(&breaker, now_ms), BREAKER_HALF_OPEN);
		assert_true(fail_at(&breaker, now_ms));
	}
}

static void what_began_before_it_opened_does_not_keep_it_open(void **state)
{
	struct breaker breaker = opened_at(0);

	assert_false(fail_at(&breaker, 499));
	assert_int_equal(breaker_state(&breaker, 500), BREAKER_HALF_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(some_failures_in_a_row_open_it),
	    cmocka_unit_test(a_success_between_them_does_not_let_it_open),
	    cmocka_unit_test(the_probe_closes_it),
	    cmocka_unit_test(a_probe_that_fails_opens_it_for_twice_as_long),
	    cmocka_unit_test(what_began_before_it_opened_does_not_keep_it_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
