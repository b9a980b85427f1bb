#include "unit.h"

#include "base/unicode.h"

/* Each text is whole characters with a | where one may be cut. */
static void a_text_is_cut_between_characters(void **state)
{
	static const char *const TEXTS[] = {
	    "a|b|c",
	    "ሰ|ላ|ም",                     /* Ethiopic, three bytes each */
	    "e\u0301|x",                 /* an accent of its own */
	    "م\u064e|ر\u0652|ح\u064e|ب", /* vowel signs */
	    "👩\u200d👩\u200d👧|!",         /* one picture of three */
	    "🇪🇹|🇫🇷",                     /* flags of two letters each */
	    "👍🏿|👍",             /* with a tone */
	    "\r\n|x",
	};

	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		char text[128] = "";
		size_t cuts[16] = {0}, count = 1, length = 0;

		for (const char *at = TEXTS[i]; *at != 0; at++) {
			if (*at == '|')
				cuts[count++] = length;
			else
				text[length++] = *at;
		}
		cuts[count++] = length;
		for (size_t most = 0, cut = 0; most <= length; most++) {
			if (cut + 1 < count && cuts[cut + 1] == most)
				cut++;
			assert_int_equal(unicode_cut(text, length, most), cuts[cut]);
		}
		assert_int_equal(unicode_cut(text, length, length + 5), length);
	}
	assert_int_equal(unicode_cut("", 0, 0), 0);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(a_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
