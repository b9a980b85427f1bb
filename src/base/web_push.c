#include "base/web_push.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/binary.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/limits.h"

enum {
	HASH_BYTES = crypto_auth_hmacsha256_BYTES,
	KEY_BYTES = 16,
	NONCE_BYTES = 12,
	TAG_BYTES = 16,
	SHARED_BYTES = 32,
	HEADER_BYTES = WEB_PUSH_SALT_BYTES + 4 + 1, /* before the key id */
	LAST_RECORD = 2,                            /* delimiter */
};

_Static_assert(HEADER_BYTES + P256_POINT_BYTES + WEB_PUSH_TEXT_BYTES + 1 + TAG_BYTES ==
                   WEB_PUSH_BODY_BYTES,
               "the longest text fills the body");

struct web_push_sender {
	EVP_PKEY *key;
	EVP_PKEY_CTX *agreement;
	uint8_t point[P256_POINT_BYTES];
	unsigned uses;
	bool is_fixed;
};

/* RFC 8188. */

static void hmac(const void *key, size_t key_length, const void *const parts[],
                 const size_t lengths[], size_t count, uint8_t ret[HASH_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_length);
	for (size_t i = 0; i < count; i++)
		crypto_auth_hmacsha256_update(&state, parts[i], lengths[i]);
	crypto_auth_hmacsha256_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
}

/* HKDF's expansion to one hash (RFC 5869): `info` without the counter, its final 0 included. */
static void expand(const uint8_t prk[HASH_BYTES], const char *info, size_t info_length,
                   uint8_t ret[HASH_BYTES])
{
	const uint8_t first = 1;
	const void *const parts[] = {info, &first};
	const size_t lengths[] = {info_length, 1};

	hmac(prk, HASH_BYTES, parts, lengths, 2, ret);
}

static bool seal(const uint8_t *key, const uint8_t *nonce, const void *text, size_t length,
                 uint8_t *ret)
{
	static const uint8_t DELIMITER = LAST_RECORD;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int text_done = 0, delimiter_done = 0, done = 0;
	bool good =
	    context != NULL &&
	    EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, nonce) == 1 &&
	    EVP_EncryptUpdate(context, ret, &text_done, text, (int)length) == 1 &&
	    EVP_EncryptUpdate(context, ret + length, &delimiter_done, &DELIMITER, 1) == 1 &&
	    EVP_EncryptFinal_ex(context, ret + length + 1, &done) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, ret + length + 1) == 1;

	assert(!good || (size_t)(text_done + delimiter_done + done) == length + 1);
	EVP_CIPHER_CTX_free(context);
	ERR_clear_error();
	return good;
}

int content_encrypt(struct arena *arena, const void *key, size_t key_length, const void *key_id,
                    size_t key_id_length, const uint8_t salt[WEB_PUSH_SALT_BYTES], const void *text,
                    size_t length, struct web_push_body *ret)
{
	static const char KEY_INFO[] = "Content-Encoding: aes128gcm";
	static const char NONCE_INFO[] = "Content-Encoding: nonce";
	const void *const parts[] = {key};
	const size_t lengths[] = {key_length};
	uint8_t prk[HASH_BYTES], content_key[HASH_BYTES], nonce[HASH_BYTES];
	size_t body_length = HEADER_BYTES + key_id_length + length + 1 + TAG_BYTES;
	uint8_t *body = arena_alloc(arena, body_length), *at = body;

	assert(key_id_length <= UINT8_MAX && body_length <= WEB_PUSH_BODY_BYTES);
	hmac(salt, WEB_PUSH_SALT_BYTES, parts, lengths, 1, prk);
	expand(prk, KEY_INFO, sizeof(KEY_INFO), content_key);
	expand(prk, NONCE_INFO, sizeof(NONCE_INFO), nonce);
	memcpy(at, salt, WEB_PUSH_SALT_BYTES);
	at = binary_put_int32(at + WEB_PUSH_SALT_BYTES, WEB_PUSH_BODY_BYTES);
	*at++ = (uint8_t)key_id_length;
	if (key_id_length > 0)
		memcpy(at, key_id, key_id_length);
	bool sealed = seal(content_key, nonce, text, length, at + key_id_length);

	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(content_key, sizeof(content_key));
	if (sealed)
		*ret = (struct web_push_body){body, body_length};
	return sealed ? 0 : -ENOMEM;
}

/* RFC 8291. */

static void drop_key(struct web_push_sender *sender)
{
	EVP_PKEY_CTX_free(sender->agreement);
	EVP_PKEY_free(sender->key);
	sender->agreement = NULL;
	sender->key = NULL;
}

/* Takes the key over. */
static bool take_key(struct web_push_sender *sender, EVP_PKEY *key)
{
	drop_key(sender);
	sender->uses = 0;
	sender->key = key;
	sender->agreement = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	if (sender->agreement != NULL && EVP_PKEY_derive_init(sender->agreement) == 1 &&
	    p256_point(key, sender->point))
		return true;
	drop_key(sender);
	ERR_clear_error();
	return false;
}

static struct web_push_sender *sender_with(EVP_PKEY *key, bool is_fixed)
{
	struct web_push_sender *sender = calloc(1, sizeof(*sender));

	if (sender == NULL) {
		EVP_PKEY_free(key);
		return NULL;
	}
	sender->is_fixed = is_fixed;
	if (take_key(sender, key))
		return sender;
	free(sender);
	return NULL;
}

struct web_push_sender *web_push_sender_new(void)
{
	return sender_with(p256_new(), false);
}

struct web_push_sender *web_push_sender_of(const uint8_t secret[P256_SECRET_BYTES])
{
	return sender_with(p256_from_secret(secret), true);
}

void web_push_sender_free(struct web_push_sender *sender)
{
	if (sender == NULL)
		return;
	drop_key(sender);
	free(sender);
}

/* A sender without a key had no memory for the next one, and tries again. */
static bool prepare_key(struct web_push_sender *sender)
{
	bool is_used_up = !sender->is_fixed && sender->uses >= LIMIT_WEB_PUSH_KEY_USES;

	return (sender->key != NULL && !is_used_up) || take_key(sender, p256_new());
}

static int agree(struct web_push_sender *sender, const uint8_t point[P256_POINT_BYTES],
                 uint8_t ret[SHARED_BYTES])
{
	size_t length = SHARED_BYTES;
	EVP_PKEY *peer = p256_from_point(sender->key, point);

	if (peer == NULL)
		return -EINVAL;
	/* Making the peer has checked that its point is on the curve; no other check is needed on
	 * one of prime order. */
	bool good = EVP_PKEY_derive_set_peer_ex(sender->agreement, peer, 0) == 1 &&
	            EVP_PKEY_derive(sender->agreement, ret, &length) == 1 && length == SHARED_BYTES;

	EVP_PKEY_free(peer);
	ERR_clear_error();
	return good ? 0 : -ENOMEM;
}

int web_push_encrypt(struct arena *arena, struct web_push_sender *sender,
                     const struct web_push_keys *keys, const void *text, size_t length,
                     const uint8_t salt[WEB_PUSH_SALT_BYTES], struct web_push_body *ret)
{
	static const char INFO[] = "WebPush: info";
	const uint8_t first = 1;
	uint8_t shared[SHARED_BYTES], prk[HASH_BYTES], key[HASH_BYTES];
	uint8_t fresh[WEB_PUSH_SALT_BYTES];

	assert(length <= WEB_PUSH_TEXT_BYTES);
	if (!prepare_key(sender))
		return -ENOMEM;
	int rc = agree(sender, keys->point, shared);

	if (rc < 0)
		return rc;
	if (salt == NULL)
		randombytes_buf(fresh, sizeof(fresh));
	sender->uses++;
	hmac(keys->auth, WEB_PUSH_AUTH_BYTES, (const void *const[]){shared},
	     (const size_t[]){SHARED_BYTES}, 1, prk);
	hmac(prk, sizeof(prk), (const void *const[]){INFO, keys->point, sender->point, &first},
	     (const size_t[]){sizeof(INFO), P256_POINT_BYTES, P256_POINT_BYTES, 1}, 4, key);
	rc = content_encrypt(arena, key, sizeof(key), sender->point, P256_POINT_BYTES,
	                     salt != NULL ? salt : fresh, text, length, ret);
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(key, sizeof(key));
	return rc;
}

/* RFC 8292. */

bool web_push_keys_are_valid(const struct web_push_keys *keys)
{
	EVP_PKEY *curve = p256_new();
	EVP_PKEY *key = curve != NULL ? p256_from_point(curve, keys->point) : NULL;
	bool valid = key != NULL;

	EVP_PKEY_free(key);
	EVP_PKEY_free(curve);
	return valid;
}

const char *web_push_origin(struct arena *arena, const char *endpoint)
{
	static const char SCHEME[] = "https://";
	size_t scheme_length = sizeof(SCHEME) - 1, host_length;

	if (strncmp(endpoint, SCHEME, scheme_length) != 0)
		return NULL;
	host_length = strcspn(endpoint + scheme_length, "/?#");
	if (host_length == 0 || memchr(endpoint + scheme_length, '@', host_length) != NULL)
		return NULL;
	return arena_strndup(arena, endpoint, scheme_length + host_length);
}

const char *web_push_vapid(struct arena *arena, const struct jwt_key *key, const char *origin,
                           const char *subject, int64_t now_s, int64_t lifetime_s)
{
	uint8_t point[P256_POINT_BYTES];
	char coded[BASE64URL_LENGTH(P256_POINT_BYTES) + 1];
	struct buf claims = buf_new(arena, 256);
	struct json json = json_new(&claims);
	bool is_p256 = jwt_key_point(key, point);

	assert(is_p256 && lifetime_s > 0 && lifetime_s <= WEB_PUSH_VAPID_S_MAX);
	assert(strncmp(subject, "mailto:", 7) == 0 || strncmp(subject, "https:", 6) == 0);
	json_open_object(&json);
	json_put_str(&json, "aud", origin);
	json_put_int(&json, "exp", now_s + lifetime_s);
	json_put_str(&json, "sub", subject);
	json_close_object(&json);
	const char *token = jwt_sign(arena, key, NULL, claims.data);

	base64url_encode(point, sizeof(point), coded);
	return token == NULL ? NULL : arena_printf(arena, "vapid t=%s, k=%s", token, coded);
}
