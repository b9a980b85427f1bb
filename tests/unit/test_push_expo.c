/* Expo: what is sent, byte by byte, and what every answer means. */
#include "push_case.h"

static void expo_takes_many_messages(void **state)
{
	struct expo_server server = {"https://expo.example", "secret"};
	struct push pushes[2] = {message(PUSH_ANDROID, "ExponentPushToken[a]"),
	                         message(PUSH_IOS, "ExpoPushToken[b]")};
	const char *receipts[] = {"r-1", "r-2"};
	size_t failed;

	pushes[1].title = pushes[1].body = pushes[1].group = NULL;
	assert_int_equal(expo_build(arena, &server, pushes, 2, NOW_S, &request, &failed), 0);
	assert_request(
	    "https://expo.example/--/api/v2/push/send",
	    "[{\"to\":\"ExponentPushToken[a]\",\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" "
	    "ship?\",\"sound\":\"default\",\"priority\":\"high\",\"ttl\":3600,\"channelId\":"
	    "\"chat\",\"badge\":3,\"data\":{" DATA ",\"group\":\"" GROUP "\"}},"
	    "{\"to\":\"ExpoPushToken[b]\",\"_contentAvailable\":true,\"priority\":\"normal\","
	    "\"ttl\":3600,\"badge\":3,\"data\":{" DATA "}}]");
	assert_string_equal(header("Authorization"), "Bearer secret");
	assert_int_equal(expo_build_receipts(arena, &EXPO, receipts, 2, &request), 0);
	assert_request("https://expo.example/--/api/v2/push/getReceipts",
	               "{\"ids\":[\"r-1\",\"r-2\"]}");
	assert_string_equal(header("Authorization"), "");
}

static void every_error_of_expo_has_a_verdict(void **state)
{
	static const struct {
		const char *ticket;
		enum push_outcome outcome;
		int64_t delay_ms;
		const char *reason;
	} CASES[] = {
	    {"{\"status\":\"ok\",\"id\":\"r-1\"}", PUSH_SENT, 0, "ok"},
	    {"{\"status\":\"ok\"}", PUSH_SENT, 0, "ok"},
	    {"{\"status\":\"error\",\"message\":\"m\"}", PUSH_DROPPED, 0, "status 400"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"DeviceNotRegistered\"}}",
	     PUSH_ADDRESS_GONE, 0, "DeviceNotRegistered"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"MessageTooBig\"}}", PUSH_DROPPED, 0,
	     "MessageTooBig"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"MessageRateExceeded\"}}", PUSH_RETRY,
	     MINUTE_MS, "MessageRateExceeded"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"MismatchSenderId\"}}", PUSH_FOREIGN, 0,
	     "MismatchSenderId"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"InvalidCredentials\"}}", PUSH_FOREIGN,
	     0, "InvalidCredentials"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"InvalidProviderToken\"}}",
	     PUSH_FOREIGN, 0, "InvalidProviderToken"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"DeveloperError\"}}", PUSH_DROPPED, 0,
	     "DeveloperError"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"ExpoError\"}}", PUSH_PROVIDER_FAILED,
	     0, "ExpoError"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"ProviderError\"}}",
	     PUSH_PROVIDER_FAILED, 0, "ProviderError"},
	    {"{}", PUSH_PROVIDER_FAILED, 0, "no status"},
	    {"7", PUSH_PROVIDER_FAILED, 0, "no status"},
	};
	enum { COUNT = sizeof(CASES) / sizeof(CASES[0]) };
	struct push_verdict verdicts[COUNT];
	const char *receipts[COUNT + 1];
	char tickets[2048] = "{\"data\":[", answers[2048] = "{\"data\":{";

	for (size_t i = 0; i < COUNT; i++) {
		receipts[i] = arena_printf(arena, "r%zu", i);
		strcat(strcat(tickets, i > 0 ? "," : ""), CASES[i].ticket);
		strcat(answers, arena_printf(arena, "%s\"%s\":%s", i > 0 ? "," : "", receipts[i],
		                             CASES[i].ticket));
	}
	struct http_client_response response = response_of(200, strcat(tickets, "]}"));

	assert_true(expo_judge(arena, &response, COUNT, NOW_S, verdicts));
	for (size_t i = 0; i < COUNT; i++)
		assert_verdict(verdicts[i], CASES[i].outcome, CASES[i].delay_ms, CASES[i].reason);
	assert_string_equal(verdicts[0].receipt, "r-1");
	assert_null(verdicts[1].receipt);
	response = response_of(200, strcat(answers, "}}"));
	assert_true(expo_judge_receipts(arena, &response, receipts, COUNT, NOW_S, verdicts));
	for (size_t i = 0; i < COUNT; i++)
		assert_verdict(verdicts[i], CASES[i].outcome, CASES[i].delay_ms, CASES[i].reason);
	receipts[0] = "other";
	assert_true(expo_judge_receipts(arena, &response, receipts, 1, NOW_S, verdicts));
	assert_verdict(verdicts[0], PUSH_RETRY, 0, "unknown");
}

static void a_request_that_expo_refuses_is_refused_for_all_of_its_messages(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum push_outcome outcome;
		int64_t delay_ms;
		const char *reason;
	} CASES[] = {
	    {429, "{\"errors\":[{\"code\":\"TOO_MANY_REQUESTS\"}]}", PUSH_RETRY, MINUTE_MS,
	     "TOO_MANY_REQUESTS"},
	    {400, "{\"errors\":[{\"code\":\"PUSH_TOO_MANY_EXPERIENCE_IDS\"}]}", PUSH_FOREIGN, 0,
	     "PUSH_TOO_MANY_EXPERIENCE_IDS"},
	    {400, "{\"errors\":[{\"code\":\"PUSH_TOO_MANY_NOTIFICATIONS\"}]}", PUSH_DROPPED, 0,
	     "PUSH_TOO_MANY_NOTIFICATIONS"},
	    {400, "{\"errors\":[{\"code\":\"PUSH_TOO_MANY_RECEIPTS\"}]}", PUSH_DROPPED, 0,
	     "PUSH_TOO_MANY_RECEIPTS"},
	    {400, "{\"errors\":[{\"code\":\"VALIDATION_ERROR\"}]}", PUSH_DROPPED, 0,
	     "VALIDATION_ERROR"},
	    {401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}", PUSH_FOREIGN, 0, "UNAUTHORIZED"},
	    {403, "{\"errors\":[{\"code\":\"FORBIDDEN\"}]}", PUSH_FOREIGN, 0, "FORBIDDEN"},
	    {500, "{\"errors\":[{\"code\":\"INTERNAL_SERVER_ERROR\"}]}", PUSH_PROVIDER_FAILED, 0,
	     "INTERNAL_SERVER_ERROR"},
	    {503, "{\"errors\":[{\"code\":\"SERVICE_UNAVAILABLE\"}]}", PUSH_PROVIDER_FAILED, 0,
	     "SERVICE_UNAVAILABLE"},
	    {504, "<html>", PUSH_PROVIDER_FAILED, 0, "status 504"},
	    {200, "{\"data\":[{\"status\":\"ok\"}]}", PUSH_PROVIDER_FAILED, 0, "no tickets"},
	    {200, "", PUSH_PROVIDER_FAILED, 0, "no tickets"},
	};
	static const char *const RECEIPTS[] = {"a", "b"};
	struct push_verdict verdicts[2];

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct http_client_response response = response_of(CASES[i].status, CASES[i].body);

		assert_false(expo_judge(arena, &response, 2, NOW_S, verdicts));
		for (int j = 0; j < 2; j++)
			assert_verdict(verdicts[j], CASES[i].outcome, CASES[i].delay_ms,
			               CASES[i].reason);
		assert_false(expo_judge_receipts(arena, &response, RECEIPTS, 2, NOW_S, verdicts));
		for (int j = 0; j < 2; j++)
			assert_verdict(verdicts[j], CASES[i].outcome, CASES[i].delay_ms,
			               CASES[i].reason);
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(expo_takes_many_messages),
	    cmocka_unit_test(every_error_of_expo_has_a_verdict),
	    cmocka_unit_test(a_request_that_expo_refuses_is_refused_for_all_of_its_messages),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
