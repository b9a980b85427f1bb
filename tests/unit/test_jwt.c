#include "unit.h"

#include "base/codec.h"
#include "base/jwt.h"
#include "fibers.h"
#include "keys.h"
#include "own_arena.h"

#define PAYLOAD "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
#define CODED_PAYLOAD                                                                              \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"

/* Of 1024 bits, of another curve, and with a password. */
#define SMALL_RSA                                                                                  \
	"-----BEGIN PRIVATE KEY-----\n"                                                            \
	"MIICeQIBADANBgkqhkiG9w0BAQEFAASCAmMwggJfAgEAAoGBANts+Uy4B92gf2KT\n"                       \
	"v2K58TDuZV8I2FrPs9cA/k+lPrBUkIwwfpbyti4nb9QP935mQqEsCmT/G1SJtAPC\n"                       \
	"cfE121SavYbOQUpb/7O9Y/Pdo5ONjBZq3UUSASxVTq4ME5dOTtw57mBRo6ZS+T5l\n"                       \
	"gfEx+nk2T9F0UmH3avpF8tMUJNQ1AgMBAAECgYEAwEJQgb8x7Sfm1andZJTF13ja\n"                       \
	"y5VFdPROgFG3gnOoZPoDmUIYeQx7Qh995ZKD6XWSZgPfq7S27rClUTH7gj0NSgne\n"                       \
	"/VCm9sGUtls6x8NHL/3qZGao1MtFJ1sJxFKrOcwUQdbGvUp8Sh0OtqEu8EhXQfGT\n"                       \
	"MMchpxpngpOz53UyryECQQDupcDShp8Ls5Qgyxn4Gniscyz49WGFu8Gf4KDMLIBb\n"                       \
	"nsx0xb8D1dPl2KdleTOkFuUAwotriZQl0VRXBj0w5DopAkEA62Fry/IPT9YJVIWL\n"                       \
	"ACah3xXBDc5a5FnXXJrz28nFU7JboBULkBJb2x6RNsOlY85f7wlq/asW4zGZgeuf\n"                       \
	"L9sjLQJBALPSBbccZR9GEymaoFjIaYFXz91P2EoSrdUwRzlRlu5ye5DJqCLVrjMU\n"                       \
	"yx208+qCrc+ix7ciFZVhY/Gm69i5P/ECQQCgTIB1LCxxWnqQLUI0oBqtKsuG83nC\n"                       \
	"+cxJLN3WWNsh3N25b5uoSlh0KaULfsIr7mg3Clrq1pGHuEeqyyRmGv8hAkEA2E4W\n"                       \
	"uQiuD9aJXuxxEQqjxp3YhG2Ni+1R81H8TDFyszkXyDYvdhFG7Yspp0qqhw3NhR9v\n"                       \
	"BrNnkklefAZbcCX4bA==\n"                                                                   \
	"-----END PRIVATE KEY-----\n"
#define P384                                                                                       \
	"-----BEGIN PRIVATE KEY-----\n"                                                            \
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDVm+Cti1pD5KRl4/Lv\n"                       \
	"06dHRTdBPcKLu3pQtdKBpAEuCKo3iDS3WINNJIt/Q5llE26hZANiAARN4lFLWYXH\n"                       \
	"JYCenOu0xq4WqeVt98AXPydQYelrES9VI2aZEGWHV1ysLpXDD2oWgkDvsmgLYziX\n"                       \
	"8qk3JaxMGGAu3rNWyErQLGWle2pJNR6O5wAMGyOGFcnGZGz8CTu0x64=\n"                               \
	"-----END PRIVATE KEY-----\n"
#define ENCRYPTED                                                                                  \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                                                  \
	"MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAglzB3DIKm9KEz+qj4\n"                       \
	"wH61AgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQcchI+7+CDdtM6Ndn\n"                       \
	"KdT4QwSBkJtmYekTfbhOpWgYpOsIGTZ/dRMKK2s0YmQmCcLoH6OW6AnczChhsqPr\n"                       \
	"3zok47Wui/FScbJH4p2U2OT1oq5JJwsQGWiSYrumMDTgMCLGMY5IFXAhN0cgOAAD\n"                       \
	"AXtd3yTyqMiziYTQWZvBbDQHnmkYA0b3aIZQmVa4lNgIIB44QkQ7oGLkwmiwddxj\n"                       \
	"+PstHhXNjw==\n"                                                                           \
	"-----END ENCRYPTED PRIVATE KEY-----\n"

static struct jwt_key *read_key(const char *pem)
{
	const char *error;
	struct jwt_key *key = jwt_key_from_pem(pem, strlen(pem), &error);

	if (key == NULL)
		fail_msg("%s", error);
	return key;
}

/* Appendix A.2. Signatures of RS256 have no random part. */
static void rs256_is_that_of_rfc_7515(void **state)
{
	struct jwt_key *key = read_key(RSA_PEM);

	assert_string_equal(
	    jwt_sign_text(arena, key, "{\"alg\":\"RS256\"}", PAYLOAD),
	    "eyJhbGciOiJSUzI1NiJ9." CODED_PAYLOAD
	    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt"
	    "_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArL"
	    "IARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7no"
	    "OPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
	    "Ge77Rw");
	jwt_key_free(key);
}

/* test_push_judges.py verifies the signatures. */
static void es256_is_a_point_of_64_bytes(void **state)
{
	struct jwt_key *key = read_key(EC_PEM);
	const char *header = "eyJhbGciOiJFUzI1NiJ9." CODED_PAYLOAD ".";
	uint8_t signature[64];

	for (int i = 0; i < 50; i++) { /* one of 256 has a number with a leading 0 */
		const char *token = jwt_sign_text(arena, key, "{\"alg\":\"ES256\"}", PAYLOAD);

		assert_memory_equal(token, header, strlen(header));
		assert_true(base64url_decode(token + strlen(header), signature, sizeof(signature)));
	}
	jwt_key_free(key);
}

static void a_token_names_its_algorithm_and_key(void **state)
{
	struct jwt_key *key = read_key(EC_PEM_OLD);
	const char *token = jwt_sign(arena, key, "ABC123DEFG", "{}");
	const char *header = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"ABC123DEFG\"}";
	char coded[128];

	base64url_encode((const uint8_t *)header, strlen(header), coded);
	assert_memory_equal(token, coded, strlen(coded));
	assert_int_equal(token[strlen(coded)], '.');
	assert_null(strstr(jwt_sign(arena, key, NULL, "{}"), coded));
	jwt_key_free(key);
}

static void a_key_in_any_form_is_the_same_key(void **state)
{
	struct jwt_key *keys[] = {read_key(EC_PEM), read_key(EC_PEM_OLD), NULL, read_key(RSA_PEM)};
	uint8_t secret[P256_SECRET_BYTES], points[3][P256_POINT_BYTES];

	assert_true(base64url_decode(EC_SECRET, secret, sizeof(secret)));
	keys[2] = jwt_key_from_secret(secret);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(jwt_key_algorithm(keys[i]), "ES256");
		assert_true(jwt_key_point(keys[i], points[i]));
		assert_memory_equal(points[i], points[0], P256_POINT_BYTES);
	}
	assert_int_equal(points[0][0], 4);
	assert_string_equal(jwt_key_algorithm(keys[3]), "RS256");
	assert_false(jwt_key_point(keys[3], points[0]));
	for (int i = 0; i < 4; i++)
		jwt_key_free(keys[i]);
}

static void what_is_no_good_key_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *pem, *error;
	} BAD[] = {
	    {"", "not PEM"},
	    {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not PEM"},
	    {SMALL_RSA, "2048"},
	    {P384, "P-256"},
	    {ENCRYPTED, "encrypted"},
	};
	uint8_t secret[P256_SECRET_BYTES];
	const char *error;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		error = NULL;
		assert_null(jwt_key_from_pem(BAD[i].pem, strlen(BAD[i].pem), &error));
		assert_non_null(strstr(error, BAD[i].error));
	}
	memset(secret, 0, sizeof(secret));
	assert_null(jwt_key_from_secret(secret));
	memset(secret, 0xff, sizeof(secret)); /* more than the order of the curve */
	assert_null(jwt_key_from_secret(secret));
}

ON_FIBER(the_stack_of_a_fiber_is_enough)
{
	static const char *const PEMS[] = {RSA_PEM, EC_PEM};

	for (size_t i = 0; i < 2; i++) {
		struct jwt_key *key = read_key(PEMS[i]);

		assert_non_null(jwt_sign(arena, key, NULL, "{}"));
		jwt_key_free(key);
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(rs256_is_that_of_rfc_7515),
	    cmocka_unit_test(es256_is_a_point_of_64_bytes),
	    cmocka_unit_test(a_token_names_its_algorithm_and_key),
	    cmocka_unit_test(a_key_in_any_form_is_the_same_key),
	    cmocka_unit_test(what_is_no_good_key_is_refused_with_the_reason),
	    cmocka_unit_test(the_stack_of_a_fiber_is_enough),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
