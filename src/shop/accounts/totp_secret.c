#include "shop/accounts/totp_secret.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "shop/accounts/accounts.h"
#include "web/token.h"

#define KEY_PURPOSE "secrets of authenticator apps, version 1"
#define ID_PURPOSE "secrets of authenticator apps, key id"

enum {
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	BOX_BYTES = TOTP_SECRET_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SEALED_BYTES = 1 + NONCE_BYTES + BOX_BYTES,
};

_Static_assert((int)TOKEN_KEY_BYTES == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "a derived key encrypts");
_Static_assert(TOTP_SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN, "a secret keys a hash");

static const char SYMBOLS[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's base32 */

static bool key_id(size_t index, uint8_t *ret)
{
	uint8_t key[TOKEN_KEY_BYTES];

	if (!token_key_derive(index, ID_PURPOSE, key))
		return false;
	*ret = key[0];
	return true;
}

struct bytes totp_secret_seal(struct arena *arena, struct uuid account,
                              const struct totp_secret *secret)
{
	uint8_t *sealed = arena_alloc(arena, SEALED_BYTES), key[TOKEN_KEY_BYTES];
	uint8_t *nonce = sealed + 1;
	bool has_key = key_id(0, sealed) && token_key_derive(0, KEY_PURPOSE, key);
	unsigned long long length = 0;

	assert(has_key);
	randombytes_buf(nonce, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, &length, secret->bytes,
	                                           sizeof(secret->bytes), account.bytes,
	                                           sizeof(account.bytes), NULL, nonce, key);
	assert(length == BOX_BYTES);
	sodium_memzero(key, sizeof(key));
	return (struct bytes){sealed, SEALED_BYTES};
}

/* With key number `index`. */
static bool open_with(size_t index, struct uuid account, const struct bytes *sealed,
                      struct totp_secret *ret)
{
	const uint8_t *bytes = sealed->data, *nonce = bytes + 1;
	uint8_t id, key[TOKEN_KEY_BYTES];
	bool is_open = false;

	if (sealed->length == SEALED_BYTES && key_id(index, &id) && id == bytes[0] &&
	    token_key_derive(index, KEY_PURPOSE, key))
		is_open = crypto_aead_xchacha20poly1305_ietf_decrypt(
		              ret->bytes, NULL, NULL, nonce + NONCE_BYTES, BOX_BYTES, account.bytes,
		              sizeof(account.bytes), nonce, key) == 0;
	sodium_memzero(key, sizeof(key));
	return is_open;
}

bool totp_secret_open(struct uuid account, const struct bytes *sealed, struct totp_secret *ret)
{
	uint8_t id;

	for (size_t i = 0; key_id(i, &id); i++)
		if (open_with(i, account, sealed, ret))
			return true;
	return false;
}

enum accounts_sealed accounts_reseal(struct arena *arena, struct uuid account,
                                     const struct bytes *sealed, struct bytes *ret)
{
	struct totp_secret secret;
	enum accounts_sealed state = ACCOUNTS_SEALED_LOST;

	if (open_with(0, account, sealed, &secret)) {
		state = ACCOUNTS_SEALED_NEWEST;
	} else if (totp_secret_open(account, sealed, &secret)) {
		*ret = totp_secret_seal(arena, account, &secret);
		state = ACCOUNTS_SEALED_OLDER;
	}
	sodium_memzero(&secret, sizeof(secret));
	return state;
}

void recovery_code_random(char ret[RECOVERY_CODE_LENGTH + 1])
{
	enum { HALF = RECOVERY_CODE_SYMBOLS / 2 };

	for (size_t i = 0; i < RECOVERY_CODE_SYMBOLS; i++)
		ret[i + (i >= HALF)] = SYMBOLS[randombytes_uniform(sizeof(SYMBOLS) - 1)];
	ret[HALF] = '-';
	ret[RECOVERY_CODE_LENGTH] = 0;
}

/* The symbol that a character stands for; 0: none. */
static char symbol_of(char c)
{
	char lower = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;

	if (lower == 'o')
		return '0';
	if (lower == 'i' || lower == 'l')
		return '1';
	return lower != 0 && strchr(SYMBOLS, lower) != NULL ? lower : 0;
}

bool recovery_code_hash(const struct totp_secret *secret, const char *typed,
                        uint8_t ret[RECOVERY_HASH_BYTES])
{
	char code[RECOVERY_CODE_SYMBOLS];
	size_t count = 0;

	for (const char *at = typed; *at != 0; at++) {
		char symbol = symbol_of(*at);

		if (*at == '-' || *at == ' ')
			continue;
		if (symbol == 0 || count == sizeof(code))
			return false;
		code[count++] = symbol;
	}
	if (count != sizeof(code))
		return false;
	crypto_generichash(ret, RECOVERY_HASH_BYTES, (const uint8_t *)code, sizeof(code),
	                   secret->bytes, sizeof(secret->bytes));
	return true;
}
