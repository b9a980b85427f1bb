/* FCM: what is sent, byte by byte, and what every answer means. */
#include "keys.h"
#include "push_case.h"

/* Values of data are texts. */
#define FCM_DATA FACTS ",\"data\":\"{\\\"id\\\":\\\"a\\\",\\\"seq\\\":7}\""

static void fcm(struct push push)
{
	assert_int_equal(fcm_build(arena, &FCM, &push, NOW_S, &request), 0);
}

/* Chat has a tag and no collapse_key. */
static void fcm_shows_a_message_on_android(void **state)
{
	fcm(message(PUSH_ANDROID, "reg:istration"));
	assert_request(
	    "https://fcm.example/v1/projects/shop/messages:send",
	    "{\"message\":{\"token\":\"reg:istration\",\"data\":{" FCM_DATA ",\"badge\":\"3\"},"
	    "\"notification\":{\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" ship?\"},"
	    "\"android\":{\"priority\":\"HIGH\",\"ttl\":\"3600s\",\"notification\":{"
	    "\"channel_id\":\"chat\",\"tag\":\"" GROUP "\",\"notification_count\":3}}}}");
	assert_string_equal(header("Authorization"), "Bearer at");
	assert_string_equal(header("Content-Type"), "application/json; charset=utf-8");
}

static void fcm_gives_data_to_an_app_that_shows_messages_itself(void **state)
{
	struct push push = message(PUSH_ANDROID, "installation");

	push.device.address_is_fid = push.device.shows_itself = true;
	fcm(push);
	assert_request(
	    "https://fcm.example/v1/projects/shop/messages:send",
	    "{\"message\":{\"fid\":\"installation\",\"data\":{" FCM_DATA
	    ",\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" ship?\",\"group\":\"" GROUP
	    "\",\"badge\":\"3\"},\"android\":{\"priority\":\"HIGH\",\"ttl\":\"3600s\"}}}");
}

static void fcm_passes_a_message_on_to_ios(void **state)
{
	fcm(message(PUSH_IOS, "reg"));
	assert_request(
	    "https://fcm.example/v1/projects/shop/messages:send",
	    "{\"message\":{\"token\":\"reg\",\"data\":{" FCM_DATA ",\"badge\":\"3\"},"
	    "\"notification\":{\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" ship?\"},"
	    "\"apns\":{\"headers\":{\"apns-push-type\":\"alert\",\"apns-priority\":\"10\","
	    "\"apns-expiration\":\"1796003600\",\"apns-collapse-id\":\"" GROUP "\"},"
	    "\"payload\":{\"aps\":{\"sound\":\"default\",\"badge\":3,\"thread-id\":\"" GROUP
	    "\"}}}}}");
}

static void fcm_passes_a_message_on_to_a_browser(void **state)
{
	struct fcm_server server = FCM;
	struct push push = message(PUSH_BROWSER, "reg");

	server.only_validate = true;
	push.lane = PUSH_PROMOTIONS;
	push.data = push.kind = NULL;
	push.badge = -1;
	push.link = NULL;
	assert_int_equal(fcm_build(arena, &server, &push, NOW_S, &request), 0);
	assert_request(
	    "https://fcm.example/v1/projects/shop/messages:send",
	    "{\"message\":{\"token\":\"reg\",\"data\":{\"id\":\"" ID "\",\"lane\":\"promotions\"},"
	    "\"notification\":{\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" ship?\"},"
	    "\"webpush\":{\"headers\":{\"TTL\":\"3600\",\"Urgency\":\"low\"},"
	    "\"notification\":{\"tag\":\"" GROUP "\"}}},\"validate_only\":true}");
}

static void a_silent_message_wakes_the_app_without_a_word(void **state)
{
	struct push push = message(PUSH_ANDROID, "reg");

	push.title = push.body = push.group = NULL;
	fcm(push);
	assert_non_null(strstr(request.body, "\"android\":{\"priority\":\"NORMAL\""));
	assert_null(strstr(request.body, "notification\""));
	push.device = (struct push_device){.platform = PUSH_IOS, .address = TOKEN};
	fcm(push);
	assert_non_null(strstr(request.body, "{\"aps\":{\"content-available\":1,\"badge\":3}}"));
	assert_non_null(strstr(request.body, "\"apns-push-type\":\"background\""));
	assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
	assert_request("https://apns.example/3/device/" TOKEN,
	               "{\"aps\":{\"content-available\":1,\"badge\":3}," DATA "}");
	assert_string_equal(header("apns-push-type"), "background");
	assert_string_equal(header("apns-priority"), "5");
}

static void fcm_gives_an_access_token_for_a_signed_claim(void **state)
{
	static const struct fcm_account ACCOUNT = {"shop", "push@shop.example", NULL,
	                                           "https://oauth2.example/token"};
	static const char CLAIMS[] =
	    "{\"iss\":\"push@shop.example\",\"scope\":"
	    "\"https://www.googleapis.com/auth/firebase.messaging\",\"aud\":"
	    "\"https://oauth2.example/token\",\"iat\":1796000000,\"exp\":1796003600}";
	const char *error, *form =
	                       "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
	                       "&assertion=eyJ";
	struct jwt_key *key = jwt_key_from_pem(RSA_PEM, strlen(RSA_PEM), &error);
	char claims[512];

	request = fcm_token_build(arena, &ACCOUNT, key, NOW_S);
	base64url_encode((const uint8_t *)CLAIMS, sizeof(CLAIMS) - 1, claims);
	assert_string_equal(request.url, ACCOUNT.token_url);
	assert_string_equal(header("Content-Type"), "application/x-www-form-urlencoded");
	assert_memory_equal(request.body, form, strlen(form));
	assert_non_null(strstr(request.body, claims));
	assert_int_equal(strlen(request.body), request.body_length);
	jwt_key_free(key);
}

static struct push_verdict judged(int status, const char *body)
{
	struct http_client_response response = response_of(status, body);

	return fcm_judge(arena, &response, NOW_S);
}

static void every_error_of_fcm_has_a_verdict(void **state)
{
	static const struct {
		int status;
		const char *code;
		enum push_outcome outcome;
		int64_t delay_ms;
	} CASES[] = {
	    {404, "UNREGISTERED", PUSH_ADDRESS_GONE, 0},
	    {400, "INVALID_ARGUMENT", PUSH_DROPPED, 0},
	    {403, "SENDER_ID_MISMATCH", PUSH_FOREIGN, 0},
	    {429, "QUOTA_EXCEEDED", PUSH_RETRY, MINUTE_MS},
	    {503, "UNAVAILABLE", PUSH_PROVIDER_FAILED, 10000},
	    {500, "INTERNAL", PUSH_PROVIDER_FAILED, 10000},
	    {401, "THIRD_PARTY_AUTH_ERROR", PUSH_ALARM, 0},
	    {400, "UNSPECIFIED_ERROR", PUSH_DROPPED, 0},
	    {500, "SOMETHING_NEW", PUSH_PROVIDER_FAILED, 0},
	    {403, "SOMETHING_NEW", PUSH_ALARM, 0},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const char *body = arena_printf(
		    arena,
		    "{\"error\":{\"code\":%d,\"message\":\"m\",\"status\":\"S\",\"details\":["
		    "{\"@type\":\"type.googleapis.com/google.rpc.Help\",\"errorCode\":\"X\"},"
		    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\","
		    "\"errorCode\":\"%s\"}]}}",
		    CASES[i].status, CASES[i].code);

		assert_verdict(judged(CASES[i].status, body), CASES[i].outcome, CASES[i].delay_ms,
		               CASES[i].code);
	}
	assert_verdict(judged(200, "{\"name\":\"projects/shop/messages/1\"}"), PUSH_SENT, 0,
	               "status 200");
}

/* Google's own, before FCM has seen the message. */
static void an_error_of_google_says_nothing_about_an_address(void **state)
{
	static const struct {
		int status;
		const char *name;
		enum push_outcome outcome;
		int64_t delay_ms;
	} CASES[] = {
	    {401, "UNAUTHENTICATED", PUSH_TOKEN_REFUSED, 0},
	    {403, "PERMISSION_DENIED", PUSH_ALARM, 0},
	    {404, "NOT_FOUND", PUSH_ALARM, 0},
	    {400, "INVALID_ARGUMENT", PUSH_DROPPED, 0},
	    {400, "FAILED_PRECONDITION", PUSH_ALARM, 0},
	    {429, "RESOURCE_EXHAUSTED", PUSH_RETRY, MINUTE_MS},
	    {503, "UNAVAILABLE", PUSH_PROVIDER_FAILED, 10000},
	    {500, "INTERNAL", PUSH_PROVIDER_FAILED, 10000},
	    {504, "DEADLINE_EXCEEDED", PUSH_PROVIDER_FAILED, 10000},
	    {409, "ABORTED", PUSH_RETRY, 10000},
	    {401, "SOMETHING_NEW", PUSH_TOKEN_REFUSED, 0},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const char *body = arena_printf(arena, "{\"error\":{\"code\":1,\"status\":\"%s\"}}",
		                                CASES[i].name);

		assert_verdict(judged(CASES[i].status, body), CASES[i].outcome, CASES[i].delay_ms,
		               CASES[i].name);
	}
	assert_verdict(judged(404, "<html>Not Found</html>"), PUSH_DROPPED, 0, "status 404");
	assert_verdict(judged(502, "<html>Bad Gateway</html>"), PUSH_PROVIDER_FAILED, 0,
	               "status 502");
}

/* What we wrote may be at fault: then the address is good. */
static void fcm_names_the_field_that_it_refuses(void **state)
{
	static const struct {
		const char *field;
		enum push_outcome outcome;
	} CASES[] = {
	    {"message.token", PUSH_ADDRESS_GONE},
	    {"message.fid", PUSH_ADDRESS_GONE},
	    {"message.android.ttl", PUSH_DROPPED},
	};

	for (size_t i = 0; i < 3; i++) {
		const char *body = arena_printf(
		    arena,
		    "{\"error\":{\"status\":\"INVALID_ARGUMENT\",\"details\":["
		    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\","
		    "\"errorCode\":\"INVALID_ARGUMENT\"},{\"@type\":"
		    "\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":["
		    "{\"field\":\"%s\",\"description\":\"Invalid value\"}]}]}}",
		    CASES[i].field);

		assert_verdict(judged(400, body), CASES[i].outcome, 0, "INVALID_ARGUMENT");
	}
}

static struct push_verdict token(int status, const char *body, const char **ret, int64_t *ret_s)
{
	struct http_client_response response = response_of(status, body);

	*ret = NULL;
	return fcm_token_judge(arena, &response, NOW_S, ret, ret_s);
}

static void an_access_token_is_taken_or_the_reason_is_given(void **state)
{
	const char *text;
	int64_t lifetime_s;

	assert_verdict(
	    token(200, "{\"access_token\":\"ya29.a-b_c\",\"expires_in\":3599}", &text, &lifetime_s),
	    PUSH_SENT, 0, "status 200");
	assert_string_equal(text, "ya29.a-b_c");
	assert_int_equal(lifetime_s, 3599);
	(void)token(200, "{\"access_token\":\"a\",\"expires_in\":999999999}", &text, &lifetime_s);
	assert_int_equal(lifetime_s, 3600);
	assert_verdict(token(400, "{\"error\":\"invalid_grant\"}", &text, &lifetime_s), PUSH_ALARM,
	               0, "invalid_grant");
	assert_verdict(token(401, "{\"error\":\"something_new\"}", &text, &lifetime_s), PUSH_ALARM,
	               0, "something_new");
	assert_verdict(token(500, "{\"error\":\"internal_failure\"}", &text, &lifetime_s),
	               PUSH_PROVIDER_FAILED, 10000, "internal_failure");
	assert_verdict(token(503, "", &text, &lifetime_s), PUSH_PROVIDER_FAILED, 0, "status 503");
	static const char *const NO_TOKENS[] = {
	    "",
	    "[]",
	    "{\"expires_in\":10}",
	    "{\"access_token\":\"\",\"expires_in\":10}",
	    "{\"access_token\":\"a\\r\\nX: y\",\"expires_in\":10}",
	    "{\"access_token\":\"a\"}"};

	for (size_t i = 0; i < sizeof(NO_TOKENS) / sizeof(NO_TOKENS[0]); i++) {
		assert_verdict(token(200, NO_TOKENS[i], &text, &lifetime_s), PUSH_PROVIDER_FAILED,
		               0, "no access token");
		assert_null(text);
	}
}

static void a_service_account_is_read(void **state)
{
	static const char FILE[] = "{\"type\":\"service_account\",\"project_id\":\"shop\","
	                           "\"private_key\":\"PEM\",\"client_email\":\"push@shop\","
	                           "\"token_uri\":\"https://oauth2.example/token\"}";
	static const char *const MISSING[] = {"project_id", "private_key", "client_email",
	                                      "token_uri"};
	struct fcm_account account;
	const char *error;

	assert_true(fcm_account_read(arena, FILE, strlen(FILE), &account, &error));
	assert_string_equal(account.project, "shop");
	assert_string_equal(account.private_key, "PEM");
	assert_string_equal(account.client_email, "push@shop");
	assert_string_equal(account.token_url, "https://oauth2.example/token");
	for (size_t i = 0; i < 4; i++) {
		char *copy = arena_strdup(arena, FILE);

		strstr(copy, MISSING[i])[0] = 'X';
		assert_false(fcm_account_read(arena, copy, strlen(copy), &account, &error));
		assert_non_null(strstr(error, MISSING[i]));
	}
	assert_false(fcm_account_read(arena, "PEM", 3, &account, &error));
	assert_non_null(strstr(error, "JSON"));
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(fcm_shows_a_message_on_android),
	    cmocka_unit_test(fcm_gives_data_to_an_app_that_shows_messages_itself),
	    cmocka_unit_test(fcm_passes_a_message_on_to_ios),
	    cmocka_unit_test(fcm_passes_a_message_on_to_a_browser),
	    cmocka_unit_test(a_silent_message_wakes_the_app_without_a_word),
	    cmocka_unit_test(fcm_gives_an_access_token_for_a_signed_claim),
	    cmocka_unit_test(every_error_of_fcm_has_a_verdict),
	    cmocka_unit_test(an_error_of_google_says_nothing_about_an_address),
	    cmocka_unit_test(fcm_names_the_field_that_it_refuses),
	    cmocka_unit_test(an_access_token_is_taken_or_the_reason_is_given),
	    cmocka_unit_test(a_service_account_is_read),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
