#include "node/token_keys.h"

#include <assert.h>
#include <sodium.h>

#include "base/codec.h"
#include "web/token.h"

/* The key for access tokens, derived from the secret. A token names its key by one byte of the
 * key's hash; if two keys share that byte, tokens of the old key are no longer valid. */
static struct token_key token_key(const struct secret *secret)
{
	struct token_key key;
	char text[SECRET_TEXT_LENGTH + 1];
	bool decoded;

	secret_derive(secret, "access tokens", text);
	decoded = hex_decode(text, key.bytes, sizeof(key.bytes));
	assert(decoded);
	secret_derive(secret, SECRET_TOKEN_ID, text);
	decoded = hex_decode((char[]){text[0], text[1], '\0'}, &key.id, 1);
	assert(decoded);
	sodium_memzero(text, sizeof(text));
	return key;
}

void token_keys_load(const struct secret *secret, const struct secret *previous)
{
	struct token_key keys[2] = {token_key(secret)};
	size_t count = 1;

	if (previous != NULL) {
		keys[1] = token_key(previous);
		count = keys[1].id != keys[0].id ? 2 : 1;
	}
	token_keys_set(count, keys);
	sodium_memzero(keys, sizeof(keys));
}

void token_keys_load_to_open(const struct secret *secret, const struct secret *older)
{
	struct token_key keys[2] = {token_key(secret), token_key(older)};

	if (keys[1].id == keys[0].id)
		keys[1].id ^= 1;
	token_keys_set(2, keys);
	sodium_memzero(keys, sizeof(keys));
}
