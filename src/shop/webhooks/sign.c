/* Signatures as Standard Webhooks has them: HMAC with SHA-256 of "id.timestamp.body". */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "shop/webhooks/internal.h"

enum {
	KEY_BYTES = 32,
	SIGNATURE_SIZE =
	    sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL),
};

static void sign_with(const uint8_t key[KEY_BYTES], const char *head, const char *body,
                      size_t length, char ret[SIGNATURE_SIZE])
{
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, key, KEY_BYTES);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, strlen(head));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)body, length);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2base64(ret, SIGNATURE_SIZE, mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
}

const char *webhook_sign(struct arena *arena, const char *keys, const char *id, int64_t timestamp_s,
                         const char *body, size_t length)
{
	struct buf made = buf_new(arena, 64);
	const char *head = arena_printf(arena, "%s.%" PRId64 ".", id, timestamp_s);

	assert(timestamp_s > 0 && id[0] != 0);
	for (const char *at = keys; *at != 0;) {
		size_t digits = strcspn(at, " ");
		char signature[SIGNATURE_SIZE];
		uint8_t key[KEY_BYTES];

		if (digits != 2 * sizeof(key) ||
		    !hex_decode(arena_strndup(arena, at, digits), key, sizeof(key)))
			return NULL;
		sign_with(key, head, body, length, signature);
		buf_add_str(&made, made.length > 0 ? " v1," : "v1,");
		buf_add_str(&made, signature);
		sodium_memzero(key, sizeof(key));
		at += digits + (at[digits] == ' ');
	}
	return made.length > 0 ? made.data : NULL;
}
