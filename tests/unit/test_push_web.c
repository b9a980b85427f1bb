/* Web Push: what is sent, and what every answer means. */
#include "push_case.h"

static void web_push_seals_a_message(void **state)
{
	struct web_push_server server = {"vapid t=t, k=k", web_push_sender_new()};
	struct push push = message(PUSH_BROWSER, "https://push.example/send/1?x=2");
	char first[64];

	assert_true(base64url_decode(POINT, push.device.keys.point, P256_POINT_BYTES));
	assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), 0);
	assert_string_equal(request.url, "https://push.example/send/1?x=2");
	assert_string_equal(header("Authorization"), "vapid t=t, k=k");
	assert_string_equal(header("Content-Encoding"), "aes128gcm");
	assert_string_equal(header("Content-Type"), "application/octet-stream");
	assert_string_equal(header("TTL"), "3600");
	assert_int_equal(strlen(header("Topic")), WEB_PUSH_TOPIC_LENGTH);
	snprintf(first, sizeof(first), "%s", header("Topic"));
	push.group = "another";
	assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), 0);
	assert_string_not_equal(header("Topic"), first);
	push.group = NULL;
	push.expires_s = NOW_S - 1;
	assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), 0);
	assert_string_equal(header("Topic"), "");
	assert_string_equal(header("TTL"), "0");
	web_push_sender_free(server.sender);
}

static void web_push_goes_by_the_status(void **state)
{
	static const struct {
		int status;
		enum push_outcome outcome;
		int64_t delay_ms;
	} CASES[] = {
	    {200, PUSH_SENT, 0},
	    {201, PUSH_SENT, 0},
	    {202, PUSH_SENT, 0},
	    {301, PUSH_DROPPED, 0},
	    {307, PUSH_DROPPED, 0},
	    {400, PUSH_DROPPED, 0},
	    {401, PUSH_FOREIGN, 0}, /* our VAPID, or not the subscription's */
	    {403, PUSH_FOREIGN, 0},
	    {404, PUSH_ADDRESS_GONE, 0},
	    {408, PUSH_RETRY, 0},
	    {410, PUSH_ADDRESS_GONE, 0},
	    {413, PUSH_DROPPED, 0},
	    {429, PUSH_RETRY, MINUTE_MS},
	    {500, PUSH_PROVIDER_FAILED, 0},
	    {503, PUSH_PROVIDER_FAILED, 0},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct http_client_response response =
		    response_of(CASES[i].status, "{\"code\":410,\"errno\":106}");

		assert_verdict(web_push_judge(arena, &response, NOW_S), CASES[i].outcome,
		               CASES[i].delay_ms,
		               arena_printf(arena, "status %d", CASES[i].status));
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(web_push_seals_a_message),
	    cmocka_unit_test(web_push_goes_by_the_status),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
