/* APNs: what is sent, byte by byte, and what every answer means. */
#include "keys.h"
#include "push_case.h"

static void the_token_for_apns_has_issuer_and_time_only(void **state)
{
	static const char CLAIMS[] = "{\"iss\":\"TEAM123456\",\"iat\":1796000000}";
	const char *error;
	struct jwt_key *key = jwt_key_from_pem(EC_PEM, strlen(EC_PEM), &error);
	char claims[128];

	base64url_encode((const uint8_t *)CLAIMS, sizeof(CLAIMS) - 1, claims);
	assert_non_null(strstr(apns_token(arena, key, "KEY1234567", "TEAM123456", NOW_S), claims));
	jwt_key_free(key);
}

static void apns_shows_a_message(void **state)
{
	struct push push = message(PUSH_IOS, TOKEN);

	assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
	assert_request("https://apns.example/3/device/" TOKEN,
	               "{\"aps\":{\"alert\":{\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" "
	               "ship?\"},\"badge\":3,\"sound\":\"default\",\"thread-id\":\"" GROUP
	               "\"}," DATA "}");
	assert_string_equal(header("authorization"), "bearer pt");
	assert_string_equal(header("apns-id"), ID);
	assert_string_equal(header("apns-expiration"), "1796003600");
	assert_string_equal(header("apns-topic"), "com.example.shop");
	assert_string_equal(header("apns-push-type"), "alert");
	assert_string_equal(header("apns-priority"), "10");
	assert_string_equal(header("apns-collapse-id"), GROUP);
}

static void a_long_group_is_hashed(void **state)
{
	struct push push = message(PUSH_IOS, TOKEN);
	char group[80];

	memset(group, 'g', sizeof(group));
	for (size_t length = 63; length <= 66; length++) {
		group[length] = 0;
		push.group = group;
		assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
		assert_int_equal(strlen(header("apns-collapse-id")), length <= 64 ? length : 43);
		group[length] = 'g';
	}
}

static void a_live_activity_starts_moves_and_ends(void **state)
{
	struct push push = message(PUSH_IOS, TOKEN);
	struct apns_activity activity = {
	    .event = APNS_ACTIVITY_START,
	    .state = "{\"step\":1}",
	    .attributes_type = "OrderAttributes",
	    .attributes = "{\"order\":\"7\"}",
	    .stale_s = NOW_S + 600,
	    .dismissal_s = NOW_S + 900,
	};

	push.lane = PUSH_ORDERS;
	assert_int_equal(apns_build_activity(arena, &APNS, &push, &activity, NOW_S, &request), 0);
	assert_request("https://apns.example/3/device/" TOKEN,
	               "{\"aps\":{\"timestamp\":1796000000,\"event\":\"start\",\"content-state\":{"
	               "\"step\":1},\"attributes-type\":\"OrderAttributes\",\"attributes\":{"
	               "\"order\":\"7\"},\"input-push-token\":1,\"stale-date\":1796000600,"
	               "\"alert\":{\"title\":\"Abebe\","
	               "\"body\":\"When does \\\"it\\\" ship?\"}}}");
	assert_string_equal(header("apns-topic"), "com.example.shop.push-type.liveactivity");
	assert_string_equal(header("apns-push-type"), "liveactivity");
	assert_string_equal(header("apns-priority"), "10");
	assert_string_equal(header("apns-collapse-id"), "");
	push.title = push.body = NULL;
	activity.event = APNS_ACTIVITY_UPDATE;
	activity.stale_s = 0;
	assert_int_equal(apns_build_activity(arena, &APNS, &push, &activity, NOW_S, &request), 0);
	assert_request("https://apns.example/3/device/" TOKEN,
	               "{\"aps\":{\"timestamp\":1796000000,\"event\":\"update\",\"content-state\":{"
	               "\"step\":1}}}");
	assert_string_equal(header("apns-priority"), "5");
	activity.event = APNS_ACTIVITY_END;
	activity.moves = true;
	assert_int_equal(apns_build_activity(arena, &APNS, &push, &activity, NOW_S, &request), 0);
	assert_request("https://apns.example/3/device/" TOKEN,
	               "{\"aps\":{\"timestamp\":1796000000,\"event\":\"end\",\"content-state\":{"
	               "\"step\":1},\"dismissal-date\":1796000900}}");
	assert_string_equal(header("apns-priority"), "10");
}

static struct push_verdict apns(int status, const char *body)
{
	struct http_client_response response = response_of(status, body);

	return apns_judge(arena, &response, NOW_S);
}

static void every_reason_of_apns_has_a_verdict(void **state)
{
	enum { QUARTER_MS = 15 * MINUTE_MS };
	static const struct {
		int status;
		const char *reason;
		enum push_outcome outcome;
		int64_t delay_ms;
	} CASES[] = {
	    {400, "BadCollapseId", PUSH_DROPPED, 0},
	    {400, "BadDeviceToken", PUSH_WRONG_ENVIRONMENT, 0},
	    {400, "BadExpirationDate", PUSH_DROPPED, 0},
	    {400, "BadMessageId", PUSH_DROPPED, 0},
	    {400, "BadPriority", PUSH_DROPPED, 0},
	    {400, "BadTopic", PUSH_ALARM, 0},
	    {400, "DeviceTokenNotForTopic", PUSH_FOREIGN, 0},
	    {400, "DuplicateHeaders", PUSH_DROPPED, 0},
	    {400, "IdleTimeout", PUSH_RETRY, 0},
	    {400, "InvalidPushType", PUSH_DROPPED, 0},
	    {400, "MissingDeviceToken", PUSH_DROPPED, 0},
	    {400, "MissingTopic", PUSH_ALARM, 0},
	    {400, "PayloadEmpty", PUSH_DROPPED, 0},
	    {400, "TopicDisallowed", PUSH_ALARM, 0},
	    {403, "BadCertificate", PUSH_ALARM, 0},
	    {403, "BadCertificateEnvironment", PUSH_FOREIGN, 0},
	    {403, "BadEnvironmentKeyIdInToken", PUSH_FOREIGN, 0},
	    {403, "ExpiredProviderToken", PUSH_TOKEN_REFUSED, 0},
	    {403, "Forbidden", PUSH_ALARM, 0},
	    {403, "InvalidProviderToken", PUSH_ALARM, 0},
	    {403, "MissingProviderToken", PUSH_ALARM, 0},
	    {403, "UnrelatedKeyIdInToken", PUSH_ALARM, 0},
	    {404, "BadPath", PUSH_DROPPED, 0},
	    {405, "MethodNotAllowed", PUSH_DROPPED, 0},
	    {410, "ExpiredToken", PUSH_ADDRESS_GONE, 0},
	    {410, "Unregistered", PUSH_ADDRESS_GONE, 0},
	    {413, "PayloadTooLarge", PUSH_DROPPED, 0},
	    {429, "TooManyProviderTokenUpdates", PUSH_PROVIDER_FAILED, 20 * MINUTE_MS},
	    {429, "TooManyRequests", PUSH_RETRY, MINUTE_MS},
	    {500, "InternalServerError", PUSH_PROVIDER_FAILED, QUARTER_MS},
	    {503, "ServiceUnavailable", PUSH_PROVIDER_FAILED, QUARTER_MS},
	    {503, "Shutdown", PUSH_PROVIDER_FAILED, QUARTER_MS},
	    {400, "SomethingNew", PUSH_DROPPED, 0},
	    {403, "SomethingNew", PUSH_ALARM, 0},
	    {429, "SomethingNew", PUSH_RETRY, MINUTE_MS},
	    {500, "SomethingNew", PUSH_PROVIDER_FAILED, QUARTER_MS},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_verdict(apns(CASES[i].status,
		                    arena_printf(arena, "{\"reason\":\"%s\"}", CASES[i].reason)),
		               CASES[i].outcome, CASES[i].delay_ms, CASES[i].reason);
	assert_verdict(apns(200, ""), PUSH_SENT, 0, "status 200");
	assert_verdict(apns(502, ""), PUSH_PROVIDER_FAILED, QUARTER_MS, "status 502");
}

static void apns_says_since_when_an_address_is_gone(void **state)
{
	assert_int_equal(
	    apns(410, "{\"reason\":\"Unregistered\",\"timestamp\":1454402113000}").gone_since_ms,
	    1454402113000);
	assert_int_equal(apns(410, "{\"reason\":\"ExpiredToken\",\"timestamp\":-5}").gone_since_ms,
	                 0);
	assert_int_equal(
	    apns(410, "{\"reason\":\"ExpiredToken\",\"timestamp\":\"5\"}").gone_since_ms, 0);
	assert_verdict(apns(410, ""), PUSH_ADDRESS_GONE, 0, "status 410");
	assert_int_equal(apns(400, "{\"reason\":\"BadTopic\",\"timestamp\":5}").gone_since_ms, 0);
}

/* A reason is kept and shown to admins: it is a code, never a text of somebody. */
static void a_reason_is_a_word_of_the_provider(void **state)
{
	assert_verdict(apns(400, "{\"reason\":\"Dear Abebe, 12 Main St\"}"), PUSH_DROPPED, 0,
	               "status 400");
	assert_verdict(apns(400, "{\"reason\":{\"BadTopic\":1}}"), PUSH_DROPPED, 0, "status 400");
	assert_verdict(apns(400, "{\"reason\":\"BadTopic"), PUSH_DROPPED, 0, "status 400");
	assert_verdict(apns(400, "\"BadTopic\""), PUSH_DROPPED, 0, "status 400");
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(the_token_for_apns_has_issuer_and_time_only),
	    cmocka_unit_test(apns_shows_a_message),
	    cmocka_unit_test(a_long_group_is_hashed),
	    cmocka_unit_test(a_live_activity_starts_moves_and_ends),
	    cmocka_unit_test(every_reason_of_apns_has_a_verdict),
	    cmocka_unit_test(apns_says_since_when_an_address_is_gone),
	    cmocka_unit_test(a_reason_is_a_word_of_the_provider),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
