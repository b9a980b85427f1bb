#include "shop/accounts/seal.h"

#include <assert.h>
#include <sodium.h>

#include "web/token.h"

enum {
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	HEAD_BYTES = 1 + NONCE_BYTES,
	MORE_BYTES = HEAD_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

_Static_assert((int)TOKEN_KEY_BYTES == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "a derived key encrypts");

/* What keys, and ids of keys, are derived for. */
static const struct {
	const char *key, *id;
} PURPOSES[] = {
    [ACCOUNTS_TOTP] = {"secrets of authenticator apps, version 1",
                       "secrets of authenticator apps, key id"},
    [ACCOUNTS_IDENTITY] = {"tokens of identity providers, version 1",
                           "tokens of identity providers, key id"},
};

static bool key_id(enum accounts_secret kind, size_t index, uint8_t *ret)
{
	uint8_t key[TOKEN_KEY_BYTES];

	if (!token_key_derive(index, PURPOSES[kind].id, key))
		return false;
	*ret = key[0];
	return true;
}

struct bytes seal(struct arena *arena, enum accounts_secret kind, struct uuid owner,
                  const void *secret, size_t length)
{
	uint8_t *sealed = arena_alloc(arena, length + MORE_BYTES), key[TOKEN_KEY_BYTES];
	bool has_key = key_id(kind, 0, sealed) && token_key_derive(0, PURPOSES[kind].key, key);
	unsigned long long written = 0;

	assert(has_key);
	randombytes_buf(sealed + 1, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + HEAD_BYTES, &written, secret, length,
	                                           owner.bytes, sizeof(owner.bytes), NULL,
	                                           sealed + 1, key);
	assert(written == length + MORE_BYTES - HEAD_BYTES);
	sodium_memzero(key, sizeof(key));
	return (struct bytes){sealed, length + MORE_BYTES};
}

/* With key number `index`. */
static bool open_with(struct arena *arena, size_t index, enum accounts_secret kind,
                      struct uuid owner, const struct bytes *sealed, struct bytes *ret)
{
	const uint8_t *bytes = sealed->data;
	uint8_t id, key[TOKEN_KEY_BYTES];
	bool is_open = false;

	if (sealed->length >= MORE_BYTES && key_id(kind, index, &id) && id == bytes[0] &&
	    token_key_derive(index, PURPOSES[kind].key, key)) {
		size_t length = sealed->length - MORE_BYTES;
		uint8_t *secret = arena_alloc(arena, length + 1);

		is_open = crypto_aead_xchacha20poly1305_ietf_decrypt(
		              secret, NULL, NULL, bytes + HEAD_BYTES, sealed->length - HEAD_BYTES,
		              owner.bytes, sizeof(owner.bytes), bytes + 1, key) == 0;
		secret[length] = 0;
		if (is_open)
			*ret = (struct bytes){secret, length};
	}
	sodium_memzero(key, sizeof(key));
	return is_open;
}

bool seal_open(struct arena *arena, enum accounts_secret kind, struct uuid owner,
               const struct bytes *sealed, struct bytes *ret)
{
	uint8_t id;

	for (size_t i = 0; key_id(kind, i, &id); i++)
		if (open_with(arena, i, kind, owner, sealed, ret))
			return true;
	return false;
}

enum accounts_sealed accounts_reseal(struct arena *arena, enum accounts_secret kind,
                                     struct uuid owner, const struct bytes *sealed,
                                     struct bytes *ret)
{
	struct bytes secret;

	if (open_with(arena, 0, kind, owner, sealed, &secret))
		return ACCOUNTS_SEALED_NEWEST;
	if (!seal_open(arena, kind, owner, sealed, &secret))
		return ACCOUNTS_SEALED_LOST;
	*ret = seal(arena, kind, owner, secret.data, secret.length);
	return ACCOUNTS_SEALED_OLDER;
}
