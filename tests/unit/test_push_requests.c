/* What is sent to the providers of push messages, byte by byte; push_judges compares it with other
 * implementations. */
#include "unit.h"

#include <errno.h>
#include <jansson.h>

#include "base/codec.h"
#include "keys.h"
#include "own_arena.h"
#include "shop/push/provider.h"

enum { NOW_S = 1796000000, HOUR_S = 3600 };

#define ID "01902c3a-7b1e-7000-8000-00000000000a"
#define GROUP "01902c3a-7b1e-7000-8000-0000000000cc"
#define TOKEN "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
#define DATA                                                                                       \
	"\"id\":\"" ID                                                                             \
	"\",\"lane\":\"chat\",\"link\":\"/conversations/1\",\"kind\":\"message_sent\""

static const struct fcm_server FCM = {"https://fcm.example", "shop", "at", false};
static const struct apns_server APNS = {"https://apns.example", "com.example.shop", "pt"};
static const struct expo_server EXPO = {"https://expo.example", NULL};
static const struct push_pair KIND = {"kind", "message_sent"};

static struct push_request request;

static struct push message(enum push_platform platform, const char *address)
{
	struct push push = {
	    .device = {.platform = platform, .address = address},
	    .lane = PUSH_CHAT,
	    .expires_s = NOW_S + HOUR_S,
	    .group = GROUP,
	    .title = "Abebe",
	    .body = "When does \"it\" ship?",
	    .link = "/conversations/1",
	    .badge = 3,
	    .data = &KIND,
	    .data_count = 1,
	};

	assert_true(uuid_parse(ID, &push.id));
	return push;
}

static const char *header(const char *name)
{
	for (size_t i = 0; i < request.header_count; i++) {
		if (strcmp(request.headers[i].name, name) == 0)
			return request.headers[i].value;
	}
	return "";
}

static void assert_request(const char *url, const char *body)
{
	assert_string_equal(request.url, url);
	assert_int_equal(request.body_length, strlen(body));
	assert_string_equal(request.body, body);
}

/* FCM. */

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
	    "{\"message\":{\"token\":\"reg:istration\",\"data\":{" DATA ",\"badge\":\"3\"},"
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
	    "{\"message\":{\"fid\":\"installation\",\"data\":{" DATA
	    ",\"title\":\"Abebe\",\"body\":\"When does \\\"it\\\" ship?\",\"group\":\"" GROUP
	    "\",\"badge\":\"3\"},\"android\":{\"priority\":\"HIGH\",\"ttl\":\"3600s\"}}}");
}

static void fcm_passes_a_message_on_to_ios(void **state)
{
	fcm(message(PUSH_IOS, "reg"));
	assert_request(
	    "https://fcm.example/v1/projects/shop/messages:send",
	    "{\"message\":{\"token\":\"reg\",\"data\":{" DATA ",\"badge\":\"3\"},"
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
	push.data_count = 0;
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

/* APNs. */

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
		assert_true(base64url_decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-"
		                             "AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		                             push.device.keys.point, P256_POINT_BYTES));
		assert_int_equal(web_push_build(arena, &server, &push, NOW_S, &request), 0);
		assert_string_equal(header("Urgency"), CASES[i].web);
	}
	web_push_sender_free(server.sender);
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
	               "\"order\":\"7\"},\"stale-date\":1796000600,\"alert\":{\"title\":\"Abebe\","
	               "\"body\":\"When does \\\"it\\\" ship?\"},\"sound\":\"default\"}}");
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
	assert_int_equal(apns_build_activity(arena, &APNS, &push, &activity, NOW_S, &request), 0);
	assert_request("https://apns.example/3/device/" TOKEN,
	               "{\"aps\":{\"timestamp\":1796000000,\"event\":\"end\",\"content-state\":{"
	               "\"step\":1},\"dismissal-date\":1796000900}}");
}

/* Web Push. */

static void web_push_seals_a_message(void **state)
{
	struct web_push_server server = {"vapid t=t, k=k", web_push_sender_new()};
	struct push push = message(PUSH_BROWSER, "https://push.example/send/1?x=2");
	char first[64];

	assert_true(base64url_decode(
	    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIA"
	    "iw4",
	    push.device.keys.point, P256_POINT_BYTES));
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

/* Expo. */

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

/* All of them. */

static void an_address_of_another_form_is_refused(void **state)
{
	static const char *const NOT_APNS[] = {"",    "00fc/13", "00fc13?",
	                                       "xyz", "00 fc",   "ExponentPushToken[a]"};
	static const char *const NOT_EXPO[] = {
	    "",     "ExponentPushToken[a", "ExponentPushToken[a]]", "Exponent",
	    "00fc", "ExpoPushToken[a]\""};
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

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(fcm_shows_a_message_on_android),
	    cmocka_unit_test(fcm_gives_data_to_an_app_that_shows_messages_itself),
	    cmocka_unit_test(fcm_passes_a_message_on_to_ios),
	    cmocka_unit_test(fcm_passes_a_message_on_to_a_browser),
	    cmocka_unit_test(a_silent_message_wakes_the_app_without_a_word),
	    cmocka_unit_test(fcm_gives_an_access_token_for_a_signed_claim),
	    cmocka_unit_test(the_token_for_apns_has_issuer_and_time_only),
	    cmocka_unit_test(apns_shows_a_message),
	    cmocka_unit_test(the_lane_decides_how_urgent_a_message_is),
	    cmocka_unit_test(a_long_group_is_hashed),
	    cmocka_unit_test(a_live_activity_starts_moves_and_ends),
	    cmocka_unit_test(web_push_seals_a_message),
	    cmocka_unit_test(expo_takes_many_messages),
	    cmocka_unit_test(an_address_of_another_form_is_refused),
	    cmocka_unit_test(long_texts_are_cut_between_characters),
	    cmocka_unit_test(a_text_that_fits_is_not_cut),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
