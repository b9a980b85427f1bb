#include "shop/accounts/refresh.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/codec.h"

#define PREFIX "rt1_"

enum { PREFIX_LENGTH = sizeof(PREFIX) - 1 };

_Static_assert(PREFIX_LENGTH + BASE64URL_LENGTH(REFRESH_BYTES) == REFRESH_LENGTH, "token length");
_Static_assert(crypto_auth_BYTES == REFRESH_BYTES, "a successor is one crypto_auth");
_Static_assert(crypto_auth_KEYBYTES == REFRESH_KEY_BYTES, "the key is a crypto_auth key");
_Static_assert(crypto_hash_sha256_BYTES == REFRESH_HASH_BYTES, "what is stored is a SHA-256");

struct refresh_token refresh_token_random(void)
{
	struct refresh_token token;

	randombytes_buf(token.bytes, sizeof(token.bytes));
	return token;
}

struct refresh_token refresh_token_successor(const struct refresh_token *parent,
                                             const uint8_t key[REFRESH_KEY_BYTES])
{
	struct refresh_token successor;

	crypto_auth(successor.bytes, parent->bytes, sizeof(parent->bytes), key);
	return successor;
}

struct refresh_hash refresh_token_hash(const struct refresh_token *token)
{
	struct refresh_hash hash;

	crypto_hash_sha256(hash.bytes, token->bytes, sizeof(token->bytes));
	return hash;
}

void refresh_token_format(const struct refresh_token *token, char ret[REFRESH_LENGTH + 1])
{
	memcpy(ret, PREFIX, PREFIX_LENGTH);
	base64url_encode(token->bytes, sizeof(token->bytes), ret + PREFIX_LENGTH);
	assert(strlen(ret) == REFRESH_LENGTH);
}

bool refresh_token_parse(const char *text, struct refresh_token *ret)
{
	return strncmp(text, PREFIX, PREFIX_LENGTH) == 0 &&
	       base64url_decode(text + PREFIX_LENGTH, ret->bytes, sizeof(ret->bytes));
}

enum refresh_verdict refresh_judge(const struct refresh_facts *facts)
{
	assert(facts->used || !facts->recent);
	if (facts->used && (!facts->recent || facts->successor_used))
		return REFRESH_REUSED;
	if (!facts->alive)
		return REFRESH_OVER;
	return facts->used ? REFRESH_REPEAT : REFRESH_ROTATE;
}
