#include "unit.h"

#include <errno.h>

#include "own_arena.h"
#include "shop/webhooks/internal.h"

#define KEY_1 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_2 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define BODY "{\"test\":2432232314}"

static const char *signed_with(const char *keys)
{
	return webhook_sign(arena, keys, "msg_1", 1614265330, BODY, strlen(BODY));
}

static void each_key_signs_the_id_the_time_and_the_body(void **state)
{
	/* By Python's hmac. */
	assert_string_equal(signed_with(KEY_1), "v1,vXDmOokJdKNroS5ozKDD7Ex26CvU20J1YJuGMD2PhF8=");
	assert_string_equal(signed_with(KEY_1 " " KEY_2),
	                    "v1,vXDmOokJdKNroS5ozKDD7Ex26CvU20J1YJuGMD2PhF8= "
	                    "v1,gf8USiJWp/+IlapUk8L1ztIB/bZfbeKwdhj1r58lcFo=");
}

static void what_is_no_key_signs_nothing(void **state)
{
	assert_null(signed_with(""));
	assert_null(signed_with(KEY_1 " 00"));
	assert_null(signed_with("x" KEY_1));
}

static struct webhook_verdict answered(int status, const char *heads, size_t length)
{
	struct http_client_response response = {
	    .status = status, .body = "", .heads = heads, .heads_length = length, .error = ""};

	return webhook_judge(0, &response, 1000);
}

static void a_status_says_what_becomes_of_a_delivery(void **state)
{
	static const struct {
		int status;
		enum webhook_outcome outcome;
	} CASES[] = {
	    {200, WEBHOOK_DELIVERED},   {202, WEBHOOK_DELIVERED},   {299, WEBHOOK_DELIVERED},
	    {301, WEBHOOK_RETRY},       {307, WEBHOOK_RETRY},       {400, WEBHOOK_RETRY},
	    {401, WEBHOOK_RETRY},       {404, WEBHOOK_RETRY},       {408, WEBHOOK_UNREACHABLE},
	    {410, WEBHOOK_GONE},        {429, WEBHOOK_UNREACHABLE}, {500, WEBHOOK_UNREACHABLE},
	    {503, WEBHOOK_UNREACHABLE},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct webhook_verdict verdict = answered(CASES[i].status, "", 0);

		assert_int_equal(verdict.outcome, CASES[i].outcome);
		assert_null(verdict.error);
		assert_int_equal(verdict.delay_ms, 0);
	}
}

static void a_failure_may_say_when_to_come_again(void **state)
{
	static const char HEADS[] = "Retry-After\0"
	                            "120\0";

	assert_int_equal(answered(503, HEADS, sizeof(HEADS) - 1).delay_ms, 120000);
	assert_int_equal(answered(404, HEADS, sizeof(HEADS) - 1).delay_ms, 120000);
}

static void a_call_that_is_not_answered_says_why(void **state)
{
	struct http_client_response none = {.error = "inside of our network"};
	static const struct {
		int result;
		const char *error;
	} CASES[] = {
	    {-EACCES, "refused_address"},
	    {-EHOSTUNREACH, "unknown_host"},
	    {-ECONNREFUSED, "connection_refused"},
	    {-EKEYREJECTED, "bad_certificate"},
	    {-ETIMEDOUT, "timed_out"},
	    {-ECONNRESET, "connection_lost"},
	    {-EPROTO, "bad_response"},
	    {-EMSGSIZE, "bad_response"},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct webhook_verdict verdict = webhook_judge(CASES[i].result, &none, 1000);

		assert_int_equal(verdict.outcome, WEBHOOK_UNREACHABLE);
		assert_string_equal(verdict.error, CASES[i].error);
	}
	/* Not the receiver's fault. */
	assert_int_equal(webhook_judge(-EAGAIN, &none, 1000).outcome, WEBHOOK_UNSENT);
	assert_int_equal(webhook_judge(-ECANCELED, &none, 1000).outcome, WEBHOOK_UNSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_key_signs_the_id_the_time_and_the_body),
	    cmocka_unit_test(what_is_no_key_signs_nothing),
	    cmocka_unit_test(a_status_says_what_becomes_of_a_delivery),
	    cmocka_unit_test(a_failure_may_say_when_to_come_again),
	    cmocka_unit_test(a_call_that_is_not_answered_says_why),
	};
	return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
