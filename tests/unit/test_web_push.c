#include "unit.h"

#include <errno.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/web_push.h"
#include "fibers.h"
#include "keys.h"
#include "own_arena.h"

/* RFC 8291, appendix A. */
#define TEXT "When I grow up, I want to be a watermelon"
#define SENDER_SECRET "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define POINT                                                                                      \
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define BODY                                                                                       \
	"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY" \
	"WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS" \
	"gSxsj_Qulcy4a-fN"

static void decode(const char *text, uint8_t *ret, size_t count)
{
	assert_true(base64url_decode(text, ret, count));
}

static struct web_push_keys example_keys(void)
{
	struct web_push_keys keys;

	decode(POINT, keys.point, sizeof(keys.point));
	decode(AUTH, keys.auth, sizeof(keys.auth));
	return keys;
}

static struct web_push_sender *example_sender(void)
{
	uint8_t secret[P256_SECRET_BYTES];

	decode(SENDER_SECRET, secret, sizeof(secret));
	return web_push_sender_of(secret);
}

static void assert_body(const struct web_push_body *body, const char *wanted)
{
	char text[1024];

	assert_true(body->length < 700);
	base64url_encode(body->bytes, body->length, text);
	assert_string_equal(text, wanted);
}

static void a_message_is_that_of_rfc_8291(void **state)
{
	struct web_push_sender *sender = example_sender();
	struct web_push_keys keys = example_keys();
	struct web_push_body body;
	uint8_t salt[WEB_PUSH_SALT_BYTES];

	decode(SALT, salt, sizeof(salt));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    web_push_encrypt(arena, sender, &keys, TEXT, strlen(TEXT), salt, &body), 0);
		assert_body(&body, BODY);
	}
	web_push_sender_free(sender);
}

static void a_content_is_that_of_rfc_8188(void **state)
{
	uint8_t key[16], salt[WEB_PUSH_SALT_BYTES];
	struct web_push_body body;

	decode("yqdlZ-tYemfogSmv7Ws5PQ", key, sizeof(key));
	decode("I1BsxtFttlv3u_Oo94xnmw", salt, sizeof(salt));
	assert_int_equal(
	    content_encrypt(arena, key, sizeof(key), NULL, 0, salt, "I am the walrus", 15, &body),
	    0);
	assert_body(&body,
	            "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");
}

/* A sender makes another key pair in time, and each message has a salt of its own. */
static void keys_are_used_again_and_salts_are_not(void **state)
{
	enum { MESSAGES = LIMIT_WEB_PUSH_KEY_USES * 2 + 1 };
	static uint8_t salts[MESSAGES][WEB_PUSH_SALT_BYTES];
	struct web_push_sender *sender = web_push_sender_new();
	struct web_push_keys keys = example_keys();
	struct web_push_body body;
	uint8_t key_id[P256_POINT_BYTES] = {0};
	int changes = 0;

	for (int i = 0; i < MESSAGES; i++) {
		assert_int_equal(web_push_encrypt(arena, sender, &keys, "x", 1, NULL, &body), 0);
		memcpy(salts[i], body.bytes, WEB_PUSH_SALT_BYTES);
		if (memcmp(key_id, body.bytes + 21, sizeof(key_id)) != 0) {
			assert_int_equal(i % LIMIT_WEB_PUSH_KEY_USES, 0);
			changes++;
		}
		memcpy(key_id, body.bytes + 21, sizeof(key_id));
		for (int j = 0; j < i; j += 97)
			assert_memory_not_equal(salts[i], salts[j], WEB_PUSH_SALT_BYTES);
	}
	assert_int_equal(changes, 3);
	web_push_sender_free(sender);
}

static void the_longest_text_fills_the_body(void **state)
{
	static char text[WEB_PUSH_TEXT_BYTES];
	struct web_push_sender *sender = web_push_sender_new();
	struct web_push_keys keys = example_keys();
	struct web_push_body body;

	assert_int_equal(web_push_encrypt(arena, sender, &keys, text, sizeof(text), NULL, &body),
	                 0);
	assert_int_equal(body.length, WEB_PUSH_BODY_BYTES);
	assert_int_equal(web_push_encrypt(arena, sender, &keys, text, 0, NULL, &body), 0);
	assert_int_equal(body.length, WEB_PUSH_BODY_BYTES - WEB_PUSH_TEXT_BYTES);
	web_push_sender_free(sender);
}

/* A browser's keys come from outside. */
static void a_point_beside_the_curve_is_refused(void **state)
{
	struct web_push_sender *sender = web_push_sender_new();
	struct web_push_keys keys = example_keys();
	struct web_push_body body;

	for (int i = 1; i < P256_POINT_BYTES; i += 8) {
		keys = example_keys();
		keys.point[i] ^= 1;
		assert_int_equal(web_push_encrypt(arena, sender, &keys, "x", 1, NULL, &body),
		                 -EINVAL);
	}
	for (int first = 0; first < 256; first++) { /* only 4 is an uncompressed point */
		keys = example_keys();
		keys.point[0] = (uint8_t)first;
		assert_int_equal(web_push_encrypt(arena, sender, &keys, "x", 1, NULL, &body),
		                 first == 4 ? 0 : -EINVAL);
	}
	memset(keys.point, 0, sizeof(keys.point));
	assert_int_equal(web_push_encrypt(arena, sender, &keys, "x", 1, NULL, &body), -EINVAL);
	keys = example_keys();
	assert_int_equal(web_push_encrypt(arena, sender, &keys, "x", 1, NULL, &body), 0);
	web_push_sender_free(sender);
}

static void the_origin_of_an_endpoint_is_its_audience(void **state)
{
	static const char *const ORIGINS[][2] = {
	    {"https://updates.push.services.mozilla.com/wpush/v2/gAAA",
	     "https://updates.push.services.mozilla.com"},
	    {"https://push.example:8443/p?x=/", "https://push.example:8443"},
	    {"https://push.example", "https://push.example"},
	    {"http://push.example/p", NULL},
	    {"https://push.example@other.example/p", NULL},
	    {"https:///p", NULL},
	    {"", NULL},
	};

	for (size_t i = 0; i < sizeof(ORIGINS) / sizeof(ORIGINS[0]); i++) {
		const char *origin = web_push_origin(arena, ORIGINS[i][0]);

		if (ORIGINS[i][1] == NULL)
			assert_null(origin);
		else
			assert_string_equal(origin, ORIGINS[i][1]);
	}
}

static void vapid_has_the_token_and_the_key(void **state)
{
	static const char CLAIMS[] = "{\"aud\":\"https://push.example\",\"exp\":1453523768,"
	                             "\"sub\":\"mailto:push@example.com\"}";
	uint8_t secret[P256_SECRET_BYTES], point[P256_POINT_BYTES];
	char claims[256], key_text[128];

	decode(EC_SECRET, secret, sizeof(secret));
	struct jwt_key *key = jwt_key_from_secret(secret);
	const char *header = web_push_vapid(arena, key, "https://push.example",
	                                    "mailto:push@example.com", 1453480568, 43200);

	assert_true(jwt_key_point(key, point));
	base64url_encode((const uint8_t *)CLAIMS, sizeof(CLAIMS) - 1, claims);
	base64url_encode(point, sizeof(point), key_text);
	assert_memory_equal(header, "vapid t=eyJ", 11);
	assert_non_null(strstr(header, claims));
	assert_string_equal(strstr(header, ", k=") + 4, key_text);
	jwt_key_free(key);
}

ON_FIBER(the_stack_of_a_fiber_is_enough)
{
	struct web_push_sender *sender = web_push_sender_new();
	struct web_push_keys keys = example_keys();
	struct web_push_body body;

	assert_int_equal(web_push_encrypt(arena, sender, &keys, "x", 1, NULL, &body), 0);
	web_push_sender_free(sender);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(a_message_is_that_of_rfc_8291),
	    cmocka_unit_test(a_content_is_that_of_rfc_8188),
	    cmocka_unit_test(keys_are_used_again_and_salts_are_not),
	    cmocka_unit_test(the_longest_text_fills_the_body),
	    cmocka_unit_test(a_point_beside_the_curve_is_refused),
	    cmocka_unit_test(the_origin_of_an_endpoint_is_its_audience),
	    cmocka_unit_test(vapid_has_the_token_and_the_key),
	    cmocka_unit_test(the_stack_of_a_fiber_is_enough),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
