/* One form for the spellings of a telephone number. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/phone.h"

static void a_number_has_one_form(void **state)
{
	static const struct {
		const char *typed, *form; /* NULL: not a number with its calling code */
	} CASES[] = {
	    {"+251911234567", "+251911234567"},
	    {" +251 91 123-4567\n", "+251911234567"},
	    {"00251 911 234 567", "+251911234567"},
	    {"+1 (212) 555.0100", "+12125550100"},
	    {"+44 (0)20 7946 0101", "+442079460101"},
	    {"+44\u00a020\u20117946\u20130101", "+442079460101"},
	    {"+\u0662\u0665\u0661\u0669\u0661\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
	     "+251911234567"},
	    {"\uff0b\uff12\uff15\uff11911234567", "+251911234567"},
	    {"\u202a+251911234567\u202c", "+251911234567"},
	    {"+123456", NULL},
	    {"+1234567", "+1234567"},
	    {"+123456789012345", "+123456789012345"},
	    {"+1234567890123456", NULL},
	    {"0911234567", NULL},
	    {"911234567", NULL},
	    {"+0911234567", NULL},
	    {"++251911234567", NULL},
	    {"+251911234567 ext. 5", NULL},
	    {"+251 911 CALL ME", NULL},
	    {"+", NULL},
	    {"00", NULL},
	    {"", NULL},
	    {"(0)", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		char form[PHONE_LENGTH + 1];
		bool good = phone_form(CASES[i].typed, strlen(CASES[i].typed), form);

		if (good != (CASES[i].form != NULL))
			fail_msg("%s is %s", CASES[i].typed, good ? form : "no number");
		if (!good)
			continue;
		assert_string_equal(form, CASES[i].form);
		assert_true(phone_is_form(form));
	}
}

static void other_texts_are_no_forms(void **state)
{
	static const char *const CASES[] = {
	    "",
	    "+",
	    "251911234567",
	    "+0911234567",
	    "+25191123456a",
	    "+251 911234567",
	    "+123456",
	    "+1234567890123456",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_false(phone_is_form(CASES[i]));
}

static void a_number_begins_with_its_calling_code(void **state)
{
	static const struct {
		const char *phone, *code;
	} CASES[] = {
	    {"+12125550100", "1"}, {"+79161234567", "7"},    {"+442079460101", "44"},
	    {"+2012345678", "20"}, {"+251911234567", "251"}, {"+35312345678", "353"},
	    {"+6512345678", "65"}, {"+67012345678", "670"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		char code[CALLING_CODE_LENGTH + 1];

		phone_calling_code(CASES[i].phone, code);
		assert_string_equal(code, CASES[i].code);
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(a_number_has_one_form),
	    cmocka_unit_test(other_texts_are_no_forms),
	    cmocka_unit_test(a_number_begins_with_its_calling_code),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
