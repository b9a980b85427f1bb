#include "unit.h"

#include "base/iban.h"

static void an_iban_is_read_as_people_type_it(void **state)
{
	static const char *const RIGHT[] = {
	    "DE89 3704 0044 0532 0130 00",       "gb29nwbk60161331926819",
	    "FR14 2004 1010 0505 0001 3M02 606", "NO9386011117947",
	    "MT84MALT011000012345MTLCAST001S",   "BE68 5390 0754 7034",
	};
	char iban[IBAN_LENGTH_MAX + 1];

	for (size_t i = 0; i < sizeof(RIGHT) / sizeof(RIGHT[0]); i++)
		assert_true(iban_parse(RIGHT[i], iban));
	assert_true(iban_parse("nl91 ABNA 0417 1643 00", iban));
	assert_string_equal(iban, "NL91ABNA0417164300");
}

static void a_wrong_iban_is_refused(void **state)
{
	static const char *const WRONG[] = {
	    "",
	    "DE",
	    "DE89",
	    "DE88370400440532013000",   /* check digits */
	    "DE89370400440532013001",   /* a digit */
	    "DE893704004405320130",     /* too short for its country */
	    "DE8937040044053201300000", /* too long */
	    "US89370400440532013000",   /* has none */
	    "DE89-3704-0044-0532-0130-00",
	    "D\u00c989370400440532013000",
	    "DEXX370400440532013000",
	    "GB29NWBK60161331926819GB29NWBK60161331926819",
	};
	char iban[IBAN_LENGTH_MAX + 1];

	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		assert_false(iban_parse(WRONG[i], iban));
}

/* Any one wrong digit, and any two neighbours in the wrong order, are noticed. */
static void mistakes_of_typing_are_noticed(void **state)
{
	static const char RIGHT[] = "DE89370400440532013000";
	char typed[sizeof(RIGHT)], iban[IBAN_LENGTH_MAX + 1];

	for (size_t i = 2; i < sizeof(RIGHT) - 1; i++) {
		memcpy(typed, RIGHT, sizeof(RIGHT));
		typed[i] = typed[i] == '9' ? '0' : (char)(typed[i] + 1);
		assert_false(iban_parse(typed, iban));
		memcpy(typed, RIGHT, sizeof(RIGHT));
		if (i + 2 >= sizeof(RIGHT) || typed[i] == typed[i + 1])
			continue;
		typed[i] = RIGHT[i + 1];
		typed[i + 1] = RIGHT[i];
		assert_false(iban_parse(typed, iban));
	}
}

static void a_masked_number_shows_its_ends_only(void **state)
{
	char masked[IBAN_MASKED_SIZE];

	iban_mask("DE89370400440532013000", true, masked);
	assert_string_equal(masked, "DE89 \u2022\u2022\u2022\u2022 3000");
	iban_mask("1000123456789", false, masked);
	assert_string_equal(masked, "\u2022\u2022\u2022\u2022 6789");
	iban_mask("1234", false, masked);
	assert_string_equal(masked, "\u2022\u2022\u2022\u2022 34");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_iban_is_read_as_people_type_it),
	    cmocka_unit_test(a_wrong_iban_is_refused),
	    cmocka_unit_test(mistakes_of_typing_are_noticed),
	    cmocka_unit_test(a_masked_number_shows_its_ends_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
