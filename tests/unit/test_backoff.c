#include "unit.h"

#include "base/backoff.h"

static void it_doubles_up_to_its_most(void **state)
{
	assert_int_equal(backoff_ms(0, 50, 2000, 25), 50);
	assert_int_equal(backoff_ms(1, 50, 2000, 50), 100);
	assert_int_equal(backoff_ms(5, 50, 2000, 800), 1600);
	assert_int_equal(backoff_ms(6, 50, 2000, 1000), 2000);
	assert_int_equal(backoff_ms(UINT32_MAX, 50, 2000, 1000), 2000);
}

static void half_of_it_is_chance(void **state)
{
	for (uint32_t chance = 0; chance < 2000; chance++)
		assert_in_range(backoff_ms(3, 50, 2000, chance), 200, 400);
	assert_int_equal(backoff_ms(3, 50, 2000, 201), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_doubles_up_to_its_most),
	    cmocka_unit_test(half_of_it_is_chance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
