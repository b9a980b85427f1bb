/* Refresh tokens: what they look like, how they succeed each other, and what one that comes means.
 */
#include "unit.h"

#include "shop/accounts/password.h"
#include "shop/accounts/refresh.h"

static const uint8_t KEY[REFRESH_KEY_BYTES] = "a key of thirty-two bytes, kept";
static const uint8_t OTHER_KEY[REFRESH_KEY_BYTES] = "another key of as many bytes";

static bool same(const struct refresh_token *a, const struct refresh_token *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void test_a_token_survives_its_text(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct refresh_token token = refresh_token_random(), back;
		char text[REFRESH_LENGTH + 1];

		refresh_token_format(&token, text);
		assert_int_equal(strlen(text), REFRESH_LENGTH);
		assert_true(refresh_token_parse(text, &back));
		assert_true(same(&token, &back));
	}
}

static void test_what_is_not_a_token_is_refused(void **state)
{
	static const char *const BAD[] = {
	    "",
	    "rt1_",
	    "rt1",
	    "rt2_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "rt1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "rt1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "rt1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
	    "rt1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "rt1_AAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAA",
	};
	struct refresh_token token;

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_false(refresh_token_parse(BAD[i], &token));
}

static void test_a_token_has_one_successor_under_one_key(void **state)
{
	struct refresh_token parent = refresh_token_random();
	struct refresh_token first = refresh_token_successor(&parent, KEY);
	struct refresh_token again = refresh_token_successor(&parent, KEY);
	struct refresh_token other = refresh_token_successor(&parent, OTHER_KEY);
	struct refresh_token next = refresh_token_successor(&first, KEY);

	(void)state;
	assert_true(same(&first, &again));
	assert_false(same(&first, &other));
	assert_false(same(&first, &parent));
	assert_false(same(&next, &parent));
}

static void test_the_hash_tells_tokens_apart_and_is_none(void **state)
{
	struct refresh_token a = refresh_token_random(), b = refresh_token_random();
	struct refresh_hash hash_a = refresh_token_hash(&a), hash_b = refresh_token_hash(&b);

	(void)state;
	assert_memory_not_equal(hash_a.bytes, hash_b.bytes, REFRESH_HASH_BYTES);
	assert_memory_not_equal(hash_a.bytes, a.bytes, REFRESH_HASH_BYTES);
}

static void test_what_a_token_means(void **state)
{
	static const struct {
		struct refresh_facts facts;
		enum refresh_verdict verdict;
	} CASES[] = {
	    {{.alive = true}, REFRESH_ROTATE},
	    {{.alive = false}, REFRESH_OVER},
	    {{.alive = true, .used = true, .recent = true}, REFRESH_REPEAT},
	    {{.alive = false, .used = true, .recent = true}, REFRESH_OVER},
	    {{.alive = true, .used = true, .recent = true, .successor_used = true}, REFRESH_REUSED},
	    {{.alive = true, .used = true}, REFRESH_REUSED},
	    {{.alive = true, .used = true, .successor_used = true}, REFRESH_REUSED},
	    {{.alive = false, .used = true}, REFRESH_REUSED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_int_equal(refresh_judge(&CASES[i].facts), CASES[i].verdict);
}

static void test_nobody_s_password_costs_what_any_costs(void **state)
{
	(void)state;
	assert_false(password_is_outdated(PASSWORD_OF_NOBODY));
	assert_true(password_is_outdated("$argon2id$v=19$m=4096,t=2,p=1$2Jmv+Zitm/4bxdLSYrqlMQ"
	                                 "$8vYFzhqElNWVpkQ1U9/zhaSlKFdVeKtfO/kbAz07SbI"));
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(test_a_token_survives_its_text),
	    cmocka_unit_test(test_what_is_not_a_token_is_refused),
	    cmocka_unit_test(test_a_token_has_one_successor_under_one_key),
	    cmocka_unit_test(test_the_hash_tells_tokens_apart_and_is_none),
	    cmocka_unit_test(test_what_a_token_means),
	    cmocka_unit_test(test_nobody_s_password_costs_what_any_costs),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(TESTS, NULL, NULL);
}
