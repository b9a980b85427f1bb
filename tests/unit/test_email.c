/* One form for the spellings of an e-mail address, and one key for those that look alike. */
#include "unit.h"

#include <stdbool.h>

#include "base/email.h"
#include "own_arena.h"

static const char *form(const char *text)
{
	return email_form(arena, text, strlen(text));
}

static void an_address_has_one_form(void **state)
{
	static const struct {
		const char *typed, *form; /* NULL: not an address */
	} CASES[] = {
	    {"ada@example.com", "ada@example.com"},
	    {" \t\u00a0Ada@Example.COM\u200b\n", "ada@example.com"},
	    {"a\u200bd\u00ada\u2060@exam\ufeffple.com", "ada@example.com"},
	    {"ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"},
	    {"jose\u0301@example.com", "jos\u00e9@example.com"},
	    {"JOS\u00c9@example.com", "jos\u00e9@example.com"},
	    {"\u212aim@example.com", "kim@example.com"}, /* the sign for kelvin */
	    {"ada@m\u00fcnchen.example", "ada@xn--mnchen-3ya.example"},
	    {"ada@MU\u0308NCHEN.example", "ada@xn--mnchen-3ya.example"},
	    {"ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example"},
	    {"ada@stra\u00dfe.example", "ada@xn--strae-oqa.example"},
	    {"ada@例え。テスト", "ada@xn--r8jz45g.xn--zckzah"},
	    {"stra\u00dfe@example.com", "stra\u00dfe@example.com"},
	    {"a+b.c_d@r3---sn.example.com", "a+b.c_d@r3---sn.example.com"},
	    {"", NULL},
	    {"ada", NULL},
	    {"@example.com", NULL},
	    {"ada@example", NULL},
	    {"ada@example.com.", NULL},
	    {"ada@-example.com", NULL},
	    {"ada@exam_ple.com", NULL},
	    {"ada@exa mple.com", NULL},
	    {"a da@example.com", NULL},
	    {"a\u3000da@example.com", NULL},
	    {"a\tda@example.com", NULL},
	    {"a\u2800da@example.com", NULL},
	    {"a\ue000da@example.com", NULL},
	    {"a@b@example.com", NULL},
	    {".ada@example.com", NULL},
	    {"ada.@example.com", NULL},
	    {"a..da@example.com", NULL},
	    {"\"ada\"@example.com", NULL},
	    {"ada@xn--.example", NULL},
	    {"\u200b@example.com", NULL},
	    {"a1234567890123456789012345678901234567890123456789012345678901234@example.com", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const char *made = form(CASES[i].typed);

		if (CASES[i].form == NULL)
			assert_null(made);
		else
			assert_non_null(made);
		if (made != NULL)
			assert_string_equal(made, CASES[i].form);
	}
}

static void who_looks_alike_has_one_key(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} CASES[] = {
	    {"ada@example.com", "\u0430d\u0430@example.com", true}, /* Cyrillic a */
	    {"cop@example.com", "\u0441\u043e\u0440@example.com", true},
	    {"ada@example.com", "ada@ex\u0430mple.com", true},
	    {"istanbul@example.com", "\u0130STANBUL@example.com", true},
	    {"istanbul@example.com", "\u0131stanbul@example.com", true},
	    {"omar@example.com", "\u03bfmar@example.com", true}, /* Greek o */
	    {"strasse@example.com", "stra\u00dfe@example.com", true},
	    {"\u03c3\u03b1\u03c2@example.com", "\u03a3\u0391\u03a3@example.com", true},
	    {"fine@example.com", "\ufb01ne@example.com", true},
	    {"ada1@example.com", "adal@example.com", false},
	    {"ada0@example.com", "adao@example.com", false},
	    {"rna@example.com", "ma@example.com", false},
	    {"jose@example.com", "jos\u00e9@example.com", false},
	    {"\u05d5\u05df@example.com", "\u05df\u05d5@example.com", false},
	    {"\u043f\u0451\u0442\u0440@example.com", "\u043f\u0435\u0442\u0440@example.com", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const char *one = email_key(arena, form(CASES[i].one));
		const char *other = email_key(arena, form(CASES[i].other));

		assert_int_equal(strcmp(one, other) == 0, CASES[i].same);
	}
}

/* Any characters, most of them of those that matter here. */
static size_t random_address(char text[1024])
{
	static const char *const PIECES[] = {"a",      "K",      "@",      ".",      "-",
	                                     "xn--",   "\u212a", "\u0130", "\u00df", "\u200b",
	                                     "\u0301", "\ufdfa", "\u0430", "\uff21", "\u05d0",
	                                     "com",    "\u3002", "e",      "\u0345", "\u1fb3"};
	size_t count = (size_t)random_between(1, 60);

	text[0] = 0;
	for (size_t i = 0; i < count; i++)
		strcat(text, PIECES[random_u64() % (sizeof(PIECES) / sizeof(PIECES[0]))]);
	if (random_u64() % 4 > 0)
		strcat(text, "@example.com");
	return strlen(text);
}

static void the_form_of_a_form_is_itself(void **state)
{
	unsigned good = 0;

	(void)state;
	random_begin();
	for (int i = 0; i < 3000; i++) {
		struct arena *own = arena_new(4 * 1024 * 1024, NULL, NULL);
		char text[1024];
		const char *made = email_form(own, text, random_address(text));

		if (made != NULL) {
			const char *again = email_form(own, made, strlen(made));

			assert_non_null(again);
			assert_string_equal(again, made);
			assert_string_equal(email_key(own, again), email_key(own, made));
			good++;
		}
		arena_free(own);
	}
	assert_true(good > 100);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(an_address_has_one_form),
	    cmocka_unit_test(who_looks_alike_has_one_key),
	    cmocka_unit_test(the_form_of_a_form_is_itself),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
