/* The list of common passwords. */
#include "unit.h"

#include "own_arena.h"
#include "shop/accounts/common_password.h"
#include "shop/accounts/common_password_list.h"

static void every_password_of_the_list_is_found(void **state)
{
	size_t count = 0;

	(void)state;
	for (const char *at = COMMON_PASSWORDS; *at != 0; count++) {
		size_t length = strcspn(at, "\n");

		assert_true(length >= 8);
		assert_true(password_is_common(arena, arena_strndup(arena, at, length)));
		at += length + 1;
	}
	assert_true(count > 10000);
}

static void others_are_not(void **state)
{
	static const char *const OTHERS[] = {"",
	                                     "a",
	                                     "passwor",
	                                     "password\n",
	                                     "passwordpasswor",
	                                     "correct horse battery staple",
	                                     "zzzzzzzzzzzzzzzzzzzzzzz",
	                                     "sebez-demo-2026",
	                                     "\xe1\x88\x98\xe1\x88\x88\xe1\x8b\xab"};

	(void)state;
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
		assert_false(password_is_common(arena, OTHERS[i]));
}

static void case_does_not_count(void **state)
{
	(void)state;
	assert_true(password_is_common(arena, "PassWord"));
	assert_true(password_is_common(arena, "QWERTYUIOP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_password_of_the_list_is_found, arena_set_up,
	                                    arena_tear_down),
	    cmocka_unit_test_setup_teardown(others_are_not, arena_set_up, arena_tear_down),
	    cmocka_unit_test_setup_teardown(case_does_not_count, arena_set_up, arena_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
