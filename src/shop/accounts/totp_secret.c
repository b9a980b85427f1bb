#include "shop/accounts/totp_secret.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "shop/accounts/seal.h"

_Static_assert(TOTP_SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN, "a secret keys a hash");

static const char SYMBOLS[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's base32 */

struct bytes totp_secret_seal(struct arena *arena, struct uuid account,
                              const struct totp_secret *secret)
{
	return seal(arena, ACCOUNTS_TOTP, account, secret->bytes, sizeof(secret->bytes));
}

bool totp_secret_open(struct arena *arena, struct uuid account, const struct bytes *sealed,
                      struct totp_secret *ret)
{
	struct bytes secret;

	if (!seal_open(arena, ACCOUNTS_TOTP, account, sealed, &secret))
		return false;
	bool is_whole = secret.length == sizeof(ret->bytes);

	if (is_whole)
		memcpy(ret->bytes, secret.data, sizeof(ret->bytes));
	sodium_memzero((void *)secret.data, secret.length);
	return is_whole;
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
