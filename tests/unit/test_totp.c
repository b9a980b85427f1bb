/* Codes of authenticator apps. */
#include "unit.h"

#include <stdio.h>

#include "base/totp.h"

static const uint8_t SECRET[TOTP_SECRET_BYTES + 1] = "12345678901234567890"; /* RFC 6238 */

static void the_vectors_of_rfc_6238_hold(void **state)
{
	static const struct {
		int64_t at_s;
		uint32_t code;
	} VECTORS[] = {
	    {59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
	    {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++)
		assert_int_equal(totp_number(SECRET, VECTORS[i].at_s / TOTP_STEP_S) % 100000000,
		                 VECTORS[i].code);
}

static void a_code_is_found_one_step_before_and_after_its_own(void **state)
{
	static const int64_t NOW = 1111111111, STEP = NOW / TOTP_STEP_S;

	(void)state;
	for (int64_t drift = -3; drift <= 3; drift++) {
		bool in_time = drift >= -TOTP_DRIFT && drift <= TOTP_DRIFT;

		assert_int_equal(totp_find(SECRET, "050471", NOW + drift * TOTP_STEP_S, -1),
		                 in_time ? STEP : -1);
	}
	assert_int_equal(totp_find(SECRET, "050472", NOW, -1), -1);
}

static void a_code_is_of_no_use_once_its_step_or_a_later_one_was_used(void **state)
{
	static const int64_t NOW = 1111111111, STEP = NOW / TOTP_STEP_S;

	(void)state;
	assert_int_equal(totp_find(SECRET, "050471", NOW, STEP - 1), STEP);
	assert_int_equal(totp_find(SECRET, "050471", NOW, STEP), -1);
	assert_int_equal(totp_find(SECRET, "050471", NOW, STEP + 1), -1);
}

static void a_secret_is_written_in_base32(void **state)
{
	char text[TOTP_SECRET_LENGTH + 1];

	(void)state;
	totp_secret_format(SECRET, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_vectors_of_rfc_6238_hold),
	    cmocka_unit_test(a_code_is_found_one_step_before_and_after_its_own),
	    cmocka_unit_test(a_code_is_of_no_use_once_its_step_or_a_later_one_was_used),
	    cmocka_unit_test(a_secret_is_written_in_base32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
