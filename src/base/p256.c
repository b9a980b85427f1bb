#include "base/p256.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

enum { UNCOMPRESSED = 4 }; /* the first byte of a point; OpenSSL would take 6 and 7 too */

EVP_PKEY *p256_new(void)
{
	EVP_PKEY *key = EVP_EC_gen(SN_X9_62_prime256v1);

	ERR_clear_error();
	return key;
}

/* The point of a secret number between 1 and the order of the curve. */
static bool multiply(const BIGNUM *secret, uint8_t ret[P256_POINT_BYTES])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	bool good = point != NULL && !BN_is_zero(secret) &&
	            BN_cmp(secret, EC_GROUP_get0_order(group)) < 0 &&
	            EC_POINT_mul(group, point, secret, NULL, NULL, NULL) == 1 &&
	            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret,
	                               P256_POINT_BYTES, NULL) == P256_POINT_BYTES;

	EC_POINT_free(point);
	EC_GROUP_free(group);
	return good;
}

static EVP_PKEY *from_params(OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *p256_from_secret(const uint8_t secret[P256_SECRET_BYTES])
{
	uint8_t point[P256_POINT_BYTES];
	BIGNUM *number = BN_secure_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (number != NULL && build != NULL &&
	    BN_bin2bn(secret, P256_SECRET_BYTES, number) != NULL && multiply(number, point) &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1,
	                                    0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
	                                     sizeof(point)) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL)
		key = from_params(params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_clear_free(number);
	ERR_clear_error();
	return key;
}

EVP_PKEY *p256_from_point(const EVP_PKEY *curve, const uint8_t point[P256_POINT_BYTES])
{
	EVP_PKEY *key = point[0] == UNCOMPRESSED ? EVP_PKEY_new() : NULL;

	if (key == NULL || EVP_PKEY_copy_parameters(key, curve) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(key, point, P256_POINT_BYTES) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

bool p256_is(const EVP_PKEY *key)
{
	char name[32] = "";
	size_t length;

	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof(name),
	                                      &length) == 1 &&
	       strcmp(name, SN_X9_62_prime256v1) == 0;
}

bool p256_point(EVP_PKEY *key, uint8_t ret[P256_POINT_BYTES])
{
	uint8_t *encoded = NULL;
	size_t length = 0;
	bool good = EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
	                                           "uncompressed") == 1;

	if (good)
		length = EVP_PKEY_get1_encoded_public_key(key, &encoded);
	good = good && length == P256_POINT_BYTES;
	if (good)
		memcpy(ret, encoded, P256_POINT_BYTES);
	OPENSSL_free(encoded);
	ERR_clear_error();
	return good;
}
