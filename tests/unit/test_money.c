#include "unit.h"

#include "base/money.h"

static void leftover_cents_go_to_the_largest_remainders(void **state)
{
	int64_t shares[3];

	allocate(100, 3, (const int64_t[]){1, 1, 1}, shares);
	assert_memory_equal(shares, ((int64_t[]){34, 33, 33}), sizeof(shares));
	allocate(10, 3, (const int64_t[]){25, 25, 50}, shares); /* 2.5 2.5 5.0 */
	assert_memory_equal(shares, ((int64_t[]){3, 2, 5}), sizeof(shares));
	allocate(100, 3, (const int64_t[]){1, 5, 1}, shares); /* 14.28 71.43 14.28 */
	assert_memory_equal(shares, ((int64_t[]){14, 72, 14}), sizeof(shares));
	allocate(-100, 3, (const int64_t[]){1, 1, 1}, shares);
	assert_memory_equal(shares, ((int64_t[]){-34, -33, -33}), sizeof(shares));
}

static void weights_that_are_all_zero_divide_evenly(void **state)
{
	int64_t shares[4];

	allocate(6, 4, (const int64_t[]){0, 0, 0, 0}, shares);
	assert_memory_equal(shares, ((int64_t[]){2, 2, 1, 1}), sizeof(shares));
}

static void the_largest_amounts_do_not_overflow(void **state)
{
	int64_t shares[2];

	allocate(INT64_MIN, 1, (const int64_t[]){INT64_MAX}, shares);
	assert_int_equal(shares[0], INT64_MIN);
	allocate(INT64_MAX, 2, (const int64_t[]){INT64_MAX - 1, 1}, shares);
	assert_int_equal(shares[0], INT64_MAX - 1);
	assert_int_equal(shares[1], 1);
}

/* What must hold of every division, whatever its numbers. */
static void assert_fair(int64_t amount, size_t n, const int64_t *weights, const int64_t *shares)
{
	__int128 total = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		total += weights[i];
		sum += shares[i];
	}
	assert_true(sum == amount);
	for (size_t i = 0; i < n && total > 0; i++) {
		__int128 exact = (__int128)amount * weights[i];
		__int128 error = (__int128)shares[i] * total - exact;

		assert_true(error < total && error > -total); /* within one minor unit */
		assert_true(weights[i] > 0 || shares[i] == 0);
		assert_true(amount >= 0 ? shares[i] >= 0 : shares[i] <= 0);
	}
}

static void shares_add_up_and_are_within_one_cent_of_exact(void **state)
{
	static int64_t weights[ALLOCATE_PARTS_MAX], shares[ALLOCATE_PARTS_MAX];

	for (int round = 0; round < 3000; round++) {
		size_t n = (size_t)random_between(1, round % 100 == 0 ? ALLOCATE_PARTS_MAX : 12);
		int64_t weight_max = INT64_MAX / (int64_t)n >> random_between(0, 50);
		int64_t amount = (int64_t)random_u64() >> random_between(0, 62);

		for (size_t i = 0; i < n; i++)
			weights[i] = random_between(0, 3) == 0 ? 0 : random_between(0, weight_max);
		allocate(amount, n, weights, shares);
		assert_fair(amount, n, weights, shares);
	}
}

static void a_refund_of_everything_mirrors_the_charge(void **state)
{
	for (int round = 0; round < 1000; round++) {
		int64_t weights[9], charged[9], refunded[9];
		int64_t amount = random_between(0, 1000000);

		for (int i = 0; i < 9; i++)
			weights[i] = random_between(0, 1000);
		allocate(amount, 9, weights, charged);
		allocate(-amount, 9, weights, refunded);
		for (int i = 0; i < 9; i++)
			assert_int_equal(charged[i], -refunded[i]);
	}
}

static void a_rate_rounds_half_away_from_zero(void **state)
{
	assert_int_equal(money_basis_points(1299, 1000), 130); /* 129.9 */
	assert_int_equal(money_basis_points(50, 100), 1);      /* 0.5 */
	assert_int_equal(money_basis_points(-50, 100), -1);
	assert_int_equal(money_basis_points(49, 100), 0);
	assert_int_equal(money_basis_points(INT64_MAX, 10000), INT64_MAX);
	assert_int_equal(money_basis_points(INT64_MIN, 10000), INT64_MIN);
}

static void sums_and_products_that_do_not_fit_are_refused(void **state)
{
	int64_t result = 7;

	assert_false(money_add(INT64_MAX, 1, &result));
	assert_false(money_mul(INT64_MAX / 2, 3, &result));
	assert_int_equal(result, 7);
	assert_true(money_add(INT64_MAX, -1, &result));
	assert_int_equal(result, INT64_MAX - 1);
	assert_true(money_mul(-3, 5, &result));
	assert_int_equal(result, -15);
}

static void currencies_have_their_own_decimals(void **state)
{
	assert_int_equal(currency_exponent("USD"), 2);
	assert_int_equal(currency_exponent("JPY"), 0);
	assert_int_equal(currency_exponent("KWD"), 3);
	assert_int_equal(currency_exponent("CLF"), 4);
	assert_true(currency_is_valid("EUR"));
	assert_false(currency_is_valid("EU"));
	assert_false(currency_is_valid("EURO"));
	assert_false(currency_is_valid("eur"));
	assert_false(currency_is_valid(""));
}

static void prices_are_read_exactly(void **state)
{
	int64_t amount;

	assert_true(money_parse_decimal("12.99", "USD", &amount) && amount == 1299);
	assert_true(money_parse_decimal("12.9", "USD", &amount) && amount == 1290);
	assert_true(money_parse_decimal("12", "USD", &amount) && amount == 1200);
	assert_true(money_parse_decimal("0012", "JPY", &amount) && amount == 12);
	assert_true(money_parse_decimal("0.001", "KWD", &amount) && amount == 1);
	assert_true(money_parse_decimal("92233720368547758.07", "USD", &amount));
	assert_true(amount == INT64_MAX);
}

static void what_is_no_price_is_refused_and_changes_nothing(void **state)
{
	static const char *const BAD[] = {"",
	                                  "-1",
	                                  "+1",
	                                  "1e3",
	                                  "1.999",
	                                  "1.",
	                                  ".5",
	                                  " 1",
	                                  "1 ",
	                                  "1,50",
	                                  "0x10",
	                                  "1..2",
	                                  "NaN",
	                                  "$5",
	                                  "92233720368547758.08",
	                                  "99999999999999999999"};
	int64_t amount = 7;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_false(money_parse_decimal(BAD[i], "USD", &amount));
	assert_false(money_parse_decimal("1.0", "JPY", &amount));
	assert_int_equal(amount, 7);
}

static void a_written_price_is_read_as_itself(void **state)
{
	static const char *const CURRENCIES[] = {"USD", "JPY", "KWD", "CLF"};
	char text[32];

	for (int round = 0; round < 2000; round++) {
		const char *currency = CURRENCIES[round % 4];
		int64_t amount = (int64_t)(random_u64() >> random_between(1, 63));
		int64_t back = -1;

		money_format_decimal(amount, currency, text);
		assert_true(money_parse_decimal(text, currency, &back));
		assert_int_equal(back, amount);
	}
	money_format_decimal(-5, "USD", text);
	assert_string_equal(text, "-0.05");
	money_format_decimal(INT64_MIN, "JPY", text);
	assert_string_equal(text, "-9223372036854775808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leftover_cents_go_to_the_largest_remainders),
	    cmocka_unit_test(weights_that_are_all_zero_divide_evenly),
	    cmocka_unit_test(the_largest_amounts_do_not_overflow),
	    cmocka_unit_test(shares_add_up_and_are_within_one_cent_of_exact),
	    cmocka_unit_test(a_refund_of_everything_mirrors_the_charge),
	    cmocka_unit_test(a_rate_rounds_half_away_from_zero),
	    cmocka_unit_test(sums_and_products_that_do_not_fit_are_refused),
	    cmocka_unit_test(currencies_have_their_own_decimals),
	    cmocka_unit_test(prices_are_read_exactly),
	    cmocka_unit_test(what_is_no_price_is_refused_and_changes_nothing),
	    cmocka_unit_test(a_written_price_is_read_as_itself),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
