/* What all providers of push messages have in common. */
#include "push_case.h"

static void fcm(struct push push)
{
	assert_int_equal(fcm_build(arena, &FCM, &push, NOW_S, &request), 0);
}

static void the_lane_decides_how_urgent_a_message_is(void **state)
{
	static const struct {
		enum push_lane lane;
		const char *apns, *fcm, *expo, *web;
	} CASES[] = {
	    {PUSH_CHAT, "10", "\"HIGH\"", "\"high\"", "high"},
	    {PUSH_ORDERS, "10", "\"HIGH\"", "\"high\"", "high"},
	    {PUSH_SYSTEM, "5", "\"NORMAL\"", "\"normal\"", "normal"},
	    {PUSH_PROMOTIONS, "5", "\"NORMAL\"", "\"normal\"", "low"},
	};
	struct web_push_server server = {"vapid", web_push_sender_new()};
	size_t failed;

	for (size_t i = 0; i < 4; i++) {
		struct push push = message(PUSH_ANDROID, TOKEN);

		push.lane = CASES[i].lane;
		fcm(push);
		assert_non_null(strstr(request.body, CASES[i].fcm));
		assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
		assert_string_equal(header("apns-priority"), CASES[i].apns);
		assert_int_equal(strstr(request.body, "\"passive\"") != NULL, i == 3);
		push.device.address = "ExponentPushToken[x]";
		assert_int_equal(expo_build(arena, &EXPO, &push, 1, NOW_S, &request, &failed), 0);
		assert_non_null(strstr(request.body, CASES[i].expo));
		push.device.address = "https://push.example/1";
		assert_true(base64url_decode(POINT, push.device.keys.point, P256_POINT_BYTES));
		assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), 0);
		assert_string_equal(header("Urgency"), CASES[i].web);
	}
	web_push_sender_free(server.sender);
}

static void an_address_of_another_form_is_refused(void **state)
{
	static const char *const NOT_APNS[] = {"",    "00fc/13", "00fc13?",
	                                       "xyz", "00 fc",   "ExponentPushToken[a]"};
	static const char *const NOT_EXPO[] = {"",
	                                       "ExponentPushToken[a",
	                                       "ExponentPushToken[a]]",
	                                       "Exponent",
	                                       "00fc",
	                                       "ExpoPushToken[a]\"",
	                                       "ExpoPushToken[]",
	                                       "ExpoPushToken[a b]",
	                                       "ExpoPushToken[\xc3\xa9]"};
	static const char *const NOT_WEB[] = {"", "http://push.example/1", "00fc",
	                                      "https://a@push.example/"};
	struct web_push_server server = {"vapid", web_push_sender_new()};
	struct push push = message(PUSH_ANDROID, "");
	size_t failed;

	assert_int_equal(fcm_build(arena, &FCM, &push, NOW_S, &request), -EINVAL);
	for (size_t i = 0; i < sizeof(NOT_APNS) / sizeof(NOT_APNS[0]); i++) {
		push.device.address = NOT_APNS[i];
		assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(NOT_EXPO) / sizeof(NOT_EXPO[0]); i++) {
		struct push pushes[2] = {message(PUSH_IOS, "ExpoPushToken[b]"),
		                         message(PUSH_IOS, NOT_EXPO[i])};

		assert_int_equal(expo_build(arena, &EXPO, pushes, 2, NOW_S, &request, &failed),
		                 -EINVAL);
		assert_int_equal(failed, 1);
	}
	for (size_t i = 0; i < sizeof(NOT_WEB) / sizeof(NOT_WEB[0]); i++) {
		push.device.address = NOT_WEB[i];
		assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), -EINVAL);
	}
	push.device.address = "https://push.example/1"; /* its keys are no point */
	assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), -EINVAL);
	web_push_sender_free(server.sender);
}

static const char *text_of(const json_t *json, const char *path)
{
	char name[64];

	while (*path != 0) {
		size_t length = strcspn(path, "/");

		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		json = json_object_get(json, name);
		path += length + (path[length] != 0);
	}
	return json_string_value(json);
}

/* The longest text that fits is sent: one more character would be too much. */
static void assert_cut(const char *whole, const char *path, size_t character_bytes)
{
	json_t *json = json_loadb(request.body, request.body_length, 0, NULL);
	const char *text = text_of(json, path);
	size_t kept;

	assert_true(request.body_length <= PUSH_BODY_BYTES);
	assert_true(request.body_length > PUSH_BODY_BYTES - character_bytes);
	assert_non_null(text);
	kept = strlen(text) - strlen("…");
	assert_string_equal(text + kept, "…");
	assert_memory_equal(text, whole, kept);
	json_decref(json);
}

static void long_texts_are_cut_between_characters(void **state)
{
	static const struct {
		const char *character;
		size_t bytes; /* in JSON */
	} CHARACTERS[] = {{"a", 1}, {"ሰ", 3}, {"\"", 2}, {"\x01", 6}, {"👩\u200d👧", 11}};
	static char text[12000];

	for (size_t i = 0; i < sizeof(CHARACTERS) / sizeof(CHARACTERS[0]); i++) {
		size_t bytes = strlen(CHARACTERS[i].character);
		struct push push = message(PUSH_IOS, TOKEN);

		text[0] = 0;
		for (size_t at = 0; at + bytes < sizeof(text) - 1; at += bytes)
			memcpy(text + at, CHARACTERS[i].character, bytes + 1);
		push.body = text;
		assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
		assert_cut(text, "aps/alert/body", CHARACTERS[i].bytes);
		fcm(push);
		assert_cut(text, "message/notification/body", CHARACTERS[i].bytes);
		push.title = text; /* the body goes first */
		assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
		assert_cut(text, "aps/alert/title", CHARACTERS[i].bytes);
		assert_non_null(strstr(request.body, "\"body\":\"\""));
		push.link = text;
		assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), -EMSGSIZE);
	}
}

static void a_text_that_fits_is_not_cut(void **state)
{
	static char text[PUSH_BODY_BYTES];
	struct push push = message(PUSH_IOS, TOKEN);
	size_t rest;

	push.body = "";
	assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
	rest = PUSH_BODY_BYTES - request.body_length;
	memset(text, 'a', rest);
	push.body = text;
	assert_int_equal(apns_build(arena, &APNS, &push, NOW_S, &request), 0);
	assert_int_equal(request.body_length, PUSH_BODY_BYTES);
	assert_null(strstr(request.body, "…"));
}

static void a_provider_says_when_to_come_again(void **state)
{
	static const struct {
		const char *value;
		int64_t delay_ms;
	} CASES[] = {
	    {"0", 0},
	    {"120", 120000},
	    {"Mon, 30 Nov 2026 00:53:50 GMT", 30000},
	    {"Mon, 30 Nov 2026 00:03:20 GMT", 0},
	    {"999999", 86400000},
	    {"99999999999999999999999", 86400000},
	    {"Sat, 13 Nov 2094 00:53:20 GMT", 86400000},
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

static void a_call_without_an_answer_says_nothing_about_an_address(void **state)
{
	static const struct {
		int result;
		enum push_outcome outcome, of_ours;
	} CASES[] = {
	    {-ETIMEDOUT, PUSH_PROVIDER_FAILED, PUSH_PROVIDER_FAILED},
	    {-ECONNREFUSED, PUSH_PROVIDER_FAILED, PUSH_PROVIDER_FAILED},
	    {-ECONNRESET, PUSH_PROVIDER_FAILED, PUSH_PROVIDER_FAILED},
	    {-EHOSTUNREACH, PUSH_RETRY, PUSH_PROVIDER_FAILED},
	    {-EPROTO, PUSH_PROVIDER_FAILED, PUSH_PROVIDER_FAILED},
	    {-EMSGSIZE, PUSH_PROVIDER_FAILED, PUSH_PROVIDER_FAILED},
	    {-EKEYREJECTED, PUSH_PROVIDER_FAILED, PUSH_PROVIDER_FAILED},
	    {-EAGAIN, PUSH_NOT_SENT, PUSH_NOT_SENT},
	    {-ECANCELED, PUSH_NOT_SENT, PUSH_NOT_SENT},
	    {-ENOMEM, PUSH_NOT_SENT, PUSH_NOT_SENT},
	    {-EINVAL, PUSH_DROPPED, PUSH_ALARM},
	    {-EACCES, PUSH_DROPPED, PUSH_ALARM},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_int_equal(push_unanswered(CASES[i].result, false).outcome, CASES[i].outcome);
		assert_int_equal(push_unanswered(CASES[i].result, true).outcome, CASES[i].of_ours);
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(the_lane_decides_how_urgent_a_message_is),
	    cmocka_unit_test(an_address_of_another_form_is_refused),
	    cmocka_unit_test(long_texts_are_cut_between_characters),
	    cmocka_unit_test(a_text_that_fits_is_not_cut),
	    cmocka_unit_test(a_provider_says_when_to_come_again),
	    cmocka_unit_test(a_call_without_an_answer_says_nothing_about_an_address),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
