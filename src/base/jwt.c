#include "base/jwt.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/pem.h"

enum {
	ES256_BYTES = 64,
	SIGNATURE_BYTES_MAX = JWT_RSA_BITS_MAX / 8, /* more than the DER of an ES256 */
};

struct jwt_key {
	EVP_PKEY *pkey;
	bool is_rsa;
	uint8_t point[P256_POINT_BYTES]; /* when it is not */
};

/* Takes the key over. */
static struct jwt_key *key_of(EVP_PKEY *pkey, const char **ret_error)
{
	struct jwt_key *key = calloc(1, sizeof(*key));

	if (key != NULL && pkey != NULL) {
		*key = (struct jwt_key){.pkey = pkey, .is_rsa = EVP_PKEY_is_a(pkey, "RSA") == 1};
		int bits = EVP_PKEY_get_bits(pkey);

		*ret_error = "an RSA key must have 2048 to 4096 bits";
		if (key->is_rsa && bits >= JWT_RSA_BITS_MIN && bits <= JWT_RSA_BITS_MAX)
			return key;
		*ret_error = "the key must be RSA, or EC on the curve P-256";
		if (!key->is_rsa && p256_is(pkey) && p256_point(pkey, key->point))
			return key;
		if (key->is_rsa)
			*ret_error = "an RSA key must have 2048 to 4096 bits";
	}
	free(key);
	EVP_PKEY_free(pkey);
	return NULL;
}

struct jwt_key *jwt_key_from_pem(const char *pem, size_t length, const char **ret_error)
{
	*ret_error = "the key is not PEM";
	if (length > JWT_PEM_BYTES_MAX)
		return NULL;
	EVP_PKEY *pkey = pem_private_key(pem, length);

	if (pkey == NULL && memmem(pem, length, "ENCRYPTED", 9) != NULL)
		*ret_error = "the key is encrypted";
	return pkey != NULL ? key_of(pkey, ret_error) : NULL;
}

struct jwt_key *jwt_key_from_secret(const uint8_t secret[P256_SECRET_BYTES])
{
	const char *error;
	EVP_PKEY *pkey = p256_from_secret(secret);

	return pkey != NULL ? key_of(pkey, &error) : NULL;
}

void jwt_key_free(struct jwt_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

const char *jwt_key_algorithm(const struct jwt_key *key)
{
	return key->is_rsa ? "RS256" : "ES256";
}

bool jwt_key_point(const struct jwt_key *key, uint8_t ret[P256_POINT_BYTES])
{
	if (!key->is_rsa)
		memcpy(ret, key->point, P256_POINT_BYTES);
	return !key->is_rsa;
}

/* DER to r and s, one after the other. */
static bool flatten(uint8_t *signature, size_t *length)
{
	const uint8_t *at = signature;
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)*length);
	bool good =
	    parts != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, ES256_BYTES / 2) > 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + ES256_BYTES / 2, ES256_BYTES / 2) > 0;

	ECDSA_SIG_free(parts);
	*length = ES256_BYTES;
	return good;
}

static bool sign(const struct jwt_key *key, const char *text, size_t text_length,
                 uint8_t ret[SIGNATURE_BYTES_MAX], size_t *ret_length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	*ret_length = SIGNATURE_BYTES_MAX;
	good = context != NULL &&
	       EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	       EVP_DigestSign(context, ret, ret_length, (const uint8_t *)text, text_length) == 1 &&
	       (key->is_rsa || flatten(ret, ret_length));
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}

static void add_base64url(struct buf *buf, const void *bytes, size_t count)
{
	char *end = buf_reserve(buf, BASE64URL_LENGTH(count) + 1);

	base64url_encode(bytes, count, end);
	buf->length += BASE64URL_LENGTH(count);
}

const char *jwt_sign_text(struct arena *arena, const struct jwt_key *key, const char *header,
                          const char *payload)
{
	uint8_t signature[SIGNATURE_BYTES_MAX];
	size_t length;
	struct buf token = buf_new(arena, 1024);

	assert(strstr(header, jwt_key_algorithm(key)) != NULL);
	add_base64url(&token, header, strlen(header));
	buf_add_char(&token, '.');
	add_base64url(&token, payload, strlen(payload));
	if (!sign(key, token.data, token.length, signature, &length))
		return NULL;
	buf_add_char(&token, '.');
	add_base64url(&token, signature, length);
	return token.data;
}

const char *jwt_sign(struct arena *arena, const struct jwt_key *key, const char *key_id,
                     const char *claims)
{
	struct buf header = buf_new(arena, 128);
	struct json json = json_new(&header);

	json_open_object(&json);
	json_put_str(&json, "alg", jwt_key_algorithm(key));
	json_put_str(&json, "typ", "JWT");
	if (key_id != NULL)
		json_put_str(&json, "kid", key_id);
	json_close_object(&json);
	return jwt_sign_text(arena, key, header.data, claims);
}
