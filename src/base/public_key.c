#include "base/public_key.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/p256.h"

enum { FLAT_BYTES = 2 * PUBLIC_KEY_COORDINATE_BYTES, DER_BYTES_MAX = 80 };

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

static bool keep(EVP_PKEY *pkey, enum public_key_algorithm algorithm, struct public_key *ret)
{
	ERR_clear_error();
	if (pkey == NULL)
		return false;
	*ret = (struct public_key){.algorithm = algorithm, .pkey = pkey};
	return true;
}

bool public_key_p256(const uint8_t x[PUBLIC_KEY_COORDINATE_BYTES],
                     const uint8_t y[PUBLIC_KEY_COORDINATE_BYTES], struct public_key *ret)
{
	uint8_t point[P256_POINT_BYTES] = {4}; /* both coordinates follow */
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
	                                     (char[]){SN_X9_62_prime256v1}, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
	    OSSL_PARAM_construct_end(),
	};

	memcpy(point + 1, x, PUBLIC_KEY_COORDINATE_BYTES);
	memcpy(point + 1 + PUBLIC_KEY_COORDINATE_BYTES, y, PUBLIC_KEY_COORDINATE_BYTES);
	return keep(from_params("EC", params), PUBLIC_KEY_ES256, ret);
}

bool public_key_ed25519(const uint8_t key[PUBLIC_KEY_ED25519_BYTES], struct public_key *ret)
{
	return keep(
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, PUBLIC_KEY_ED25519_BYTES),
	    PUBLIC_KEY_EDDSA, ret);
}

static bool is_rsa(const BIGNUM *n, const BIGNUM *e)
{
	return n != NULL && e != NULL && BN_num_bits(n) >= PUBLIC_KEY_RSA_BITS_MIN &&
	       BN_num_bits(n) <= PUBLIC_KEY_RSA_BITS_MAX && BN_is_odd(n) && BN_is_odd(e) &&
	       !BN_is_one(e);
}

bool public_key_rsa(const uint8_t *modulus, size_t modulus_length, const uint8_t *exponent,
                    size_t exponent_length, struct public_key *ret)
{
	if (modulus_length > PUBLIC_KEY_RSA_BITS_MAX / 8 ||
	    exponent_length > PUBLIC_KEY_EXPONENT_BYTES_MAX)
		return false;
	BIGNUM *n = BN_bin2bn(modulus, (int)modulus_length, NULL);
	BIGNUM *e = BN_bin2bn(exponent, (int)exponent_length, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build != NULL && is_rsa(n, e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL)
		pkey = from_params("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return keep(pkey, PUBLIC_KEY_RS256, ret);
}

/* r and s, one after the other, to DER. 0: there is no memory. */
static size_t unflatten(const uint8_t flat[FLAT_BYTES], uint8_t ret[DER_BYTES_MAX])
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(flat, FLAT_BYTES / 2, NULL);
	BIGNUM *s = BN_bin2bn(flat + FLAT_BYTES / 2, FLAT_BYTES / 2, NULL);
	int length = 0;

	if (parts != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(parts, r, s) == 1) {
		uint8_t *end = ret;

		r = s = NULL; /* the parts' now */
		length = i2d_ECDSA_SIG(parts, &end);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(parts);
	assert(length <= DER_BYTES_MAX);
	return length > 0 ? (size_t)length : 0;
}

bool public_key_verify(const struct public_key *key, const uint8_t *message, size_t length,
                       const uint8_t *signature, size_t signature_length, bool is_flat)
{
	bool is_edwards = key->algorithm == PUBLIC_KEY_EDDSA;
	uint8_t der[DER_BYTES_MAX];

	assert(key->pkey != NULL && key->algorithm < PUBLIC_KEY_ALGORITHMS);
	if (is_flat && key->algorithm == PUBLIC_KEY_ES256) {
		if (signature_length != FLAT_BYTES)
			return false;
		signature_length = unflatten(signature, der);
		signature = der;
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context != NULL && signature_length > 0 &&
	            EVP_DigestVerifyInit(context, NULL, is_edwards ? NULL : EVP_sha256(), NULL,
	                                 key->pkey) == 1 &&
	            EVP_DigestVerify(context, signature, signature_length, message, length) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}
