/* What the answers of the providers of push messages mean: every row of their tables. */
#include "unit.h"

#include <errno.h>

#include "own_arena.h"
#include "shop/push/provider.h"

enum { NOW_S = 784111777, MINUTE_MS = 60 * 1000 }; /* Sun, 06 Nov 1994 08:49:37 GMT */

static struct http_client_response response_of(int status, const char *body)
{
	return (struct http_client_response){
	    .status = status, .body = body, .body_length = strlen(body), .heads = "", .error = ""};
}

static void assert_verdict(struct push_verdict verdict, enum push_outcome outcome, int64_t delay_ms,
                           const char *reason)
{
	if (verdict.outcome != outcome || verdict.delay_ms != delay_ms ||
	    strcmp(verdict.reason, reason) != 0)
		fail_msg("%s: outcome %d after %lld ms, not %d after %lld ms because of %s",
		         verdict.reason, verdict.outcome, (long long)verdict.delay_ms, outcome,
		         (long long)delay_ms, reason);
}

/* FCM. */

static struct push_verdict fcm(int status, const char *body)
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
	    {403, "SENDER_ID_MISMATCH", PUSH_ALARM, 0},
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

		assert_verdict(fcm(CASES[i].status, body), CASES[i].outcome, CASES[i].delay_ms,
		               CASES[i].code);
	}
	assert_verdict(fcm(200, "{\"name\":\"projects/shop/messages/1\"}"), PUSH_SENT, 0,
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

		assert_verdict(fcm(CASES[i].status, body), CASES[i].outcome, CASES[i].delay_ms,
		               CASES[i].name);
	}
	assert_verdict(fcm(404, "<html>Not Found</html>"), PUSH_DROPPED, 0, "status 404");
	assert_verdict(fcm(502, "<html>Bad Gateway</html>"), PUSH_PROVIDER_FAILED, 0, "status 502");
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

		assert_verdict(fcm(400, body), CASES[i].outcome, 0, "INVALID_ARGUMENT");
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

/* APNs. */

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
	    {400, "DeviceTokenNotForTopic", PUSH_ALARM, 0},
	    {400, "DuplicateHeaders", PUSH_DROPPED, 0},
	    {400, "IdleTimeout", PUSH_RETRY, 0},
	    {400, "InvalidPushType", PUSH_DROPPED, 0},
	    {400, "MissingDeviceToken", PUSH_DROPPED, 0},
	    {400, "MissingTopic", PUSH_ALARM, 0},
	    {400, "PayloadEmpty", PUSH_DROPPED, 0},
	    {400, "TopicDisallowed", PUSH_ALARM, 0},
	    {403, "BadCertificate", PUSH_ALARM, 0},
	    {403, "BadCertificateEnvironment", PUSH_ALARM, 0},
	    {403, "BadEnvironmentKeyIdInToken", PUSH_ALARM, 0},
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

/* Web Push. */

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
	    {401, PUSH_ALARM, 0}, /* our VAPID, or not the subscription's */
	    {403, PUSH_ALARM, 0},
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

/* Retry-After, of all of them. */

static void a_provider_says_when_to_come_again(void **state)
{
	static const struct {
		const char *value;
		int64_t delay_ms;
	} CASES[] = {
	    {"0", 0},
	    {"120", 120000},
	    {"Sun, 06 Nov 1994 08:50:07 GMT", 30000},
	    {"Sun, 06 Nov 1994 08:00:00 GMT", 0},
	    {"999999", 86400000},
	    {"99999999999999999999999", 86400000},
	    {"Sun, 06 Nov 2094 08:50:07 GMT", 86400000},
	    {"soon", MINUTE_MS},
	    {"-5", MINUTE_MS},
	    {"5x", MINUTE_MS},
	    {"", MINUTE_MS},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		char heads[64] = "retry-after";
		struct http_client_response response = response_of(429, "");

		strcpy(heads + 12, CASES[i].value);
		response.heads = heads;
		response.heads_length = 12 + strlen(CASES[i].value) + 1;
		assert_verdict(web_push_judge(arena, &response, NOW_S), PUSH_RETRY,
		               CASES[i].delay_ms, "status 429");
		response.status = 201; /* only of who is to come again */
		assert_verdict(web_push_judge(arena, &response, NOW_S), PUSH_SENT, 0, "status 201");
		response.status = 503;
		assert_int_equal(apns_judge(arena, &response, NOW_S).delay_ms,
		                 CASES[i].delay_ms > 15 * MINUTE_MS ? CASES[i].delay_ms
		                                                    : 15 * MINUTE_MS);
	}
}

static void a_call_without_an_answer_is_tried_again(void **state)
{
	static const struct {
		int result;
		enum push_outcome outcome;
	} CASES[] = {
	    {-ETIMEDOUT, PUSH_PROVIDER_FAILED},
	    {-ECONNREFUSED, PUSH_PROVIDER_FAILED},
	    {-ECONNRESET, PUSH_PROVIDER_FAILED},
	    {-EHOSTUNREACH, PUSH_PROVIDER_FAILED},
	    {-EPROTO, PUSH_PROVIDER_FAILED},
	    {-EMSGSIZE, PUSH_PROVIDER_FAILED},
	    {-EKEYREJECTED, PUSH_PROVIDER_FAILED},
	    {-EAGAIN, PUSH_RETRY},
	    {-ECANCELED, PUSH_RETRY},
	    {-ENOMEM, PUSH_RETRY},
	    {-EINVAL, PUSH_DROPPED},
	    {-EACCES, PUSH_DROPPED},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_int_equal(push_unanswered(CASES[i].result).outcome, CASES[i].outcome);
}

/* Expo. */

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
	    {"{\"status\":\"error\",\"details\":{\"error\":\"MismatchSenderId\"}}", PUSH_ALARM, 0,
	     "MismatchSenderId"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"InvalidCredentials\"}}", PUSH_ALARM, 0,
	     "InvalidCredentials"},
	    {"{\"status\":\"error\",\"details\":{\"error\":\"InvalidProviderToken\"}}", PUSH_ALARM,
	     0, "InvalidProviderToken"},
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

	expo_judge(arena, &response, COUNT, NOW_S, verdicts);
	for (size_t i = 0; i < COUNT; i++)
		assert_verdict(verdicts[i], CASES[i].outcome, CASES[i].delay_ms, CASES[i].reason);
	assert_string_equal(verdicts[0].receipt, "r-1");
	assert_null(verdicts[1].receipt);
	response = response_of(200, strcat(answers, "}}"));
	expo_judge_receipts(arena, &response, receipts, COUNT, NOW_S, verdicts);
	for (size_t i = 0; i < COUNT; i++)
		assert_verdict(verdicts[i], CASES[i].outcome, CASES[i].delay_ms, CASES[i].reason);
	receipts[0] = "other";
	expo_judge_receipts(arena, &response, receipts, 1, NOW_S, verdicts);
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
	    {400, "{\"errors\":[{\"code\":\"PUSH_TOO_MANY_EXPERIENCE_IDS\"}]}", PUSH_ALARM, 0,
	     "PUSH_TOO_MANY_EXPERIENCE_IDS"},
	    {400, "{\"errors\":[{\"code\":\"PUSH_TOO_MANY_NOTIFICATIONS\"}]}", PUSH_DROPPED, 0,
	     "PUSH_TOO_MANY_NOTIFICATIONS"},
	    {400, "{\"errors\":[{\"code\":\"PUSH_TOO_MANY_RECEIPTS\"}]}", PUSH_DROPPED, 0,
	     "PUSH_TOO_MANY_RECEIPTS"},
	    {400, "{\"errors\":[{\"code\":\"VALIDATION_ERROR\"}]}", PUSH_DROPPED, 0,
	     "VALIDATION_ERROR"},
	    {401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}", PUSH_ALARM, 0, "UNAUTHORIZED"},
	    {403, "{\"errors\":[{\"code\":\"FORBIDDEN\"}]}", PUSH_ALARM, 0, "FORBIDDEN"},
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

		expo_judge(arena, &response, 2, NOW_S, verdicts);
		for (int j = 0; j < 2; j++)
			assert_verdict(verdicts[j], CASES[i].outcome, CASES[i].delay_ms,
			               CASES[i].reason);
		expo_judge_receipts(arena, &response, RECEIPTS, 2, NOW_S, verdicts);
		for (int j = 0; j < 2; j++)
			assert_verdict(verdicts[j], CASES[i].outcome, CASES[i].delay_ms,
			               CASES[i].reason);
	}
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
	    cmocka_unit_test(every_error_of_fcm_has_a_verdict),
	    cmocka_unit_test(an_error_of_google_says_nothing_about_an_address),
	    cmocka_unit_test(fcm_names_the_field_that_it_refuses),
	    cmocka_unit_test(an_access_token_is_taken_or_the_reason_is_given),
	    cmocka_unit_test(a_service_account_is_read),
	    cmocka_unit_test(every_reason_of_apns_has_a_verdict),
	    cmocka_unit_test(apns_says_since_when_an_address_is_gone),
	    cmocka_unit_test(web_push_goes_by_the_status),
	    cmocka_unit_test(a_provider_says_when_to_come_again),
	    cmocka_unit_test(a_call_without_an_answer_is_tried_again),
	    cmocka_unit_test(every_error_of_expo_has_a_verdict),
	    cmocka_unit_test(a_request_that_expo_refuses_is_refused_for_all_of_its_messages),
	    cmocka_unit_test(a_reason_is_a_word_of_the_provider),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
