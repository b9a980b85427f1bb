#include "web/token.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/binary.h"
#include "base/codec.h"

enum { VERSION = 1, CONTENT_BYTES = TOKEN_BYTES - crypto_auth_BYTES };

static struct token_key keys[TOKEN_KEYS_MAX];
static size_t key_count;

_Static_assert(CONTENT_BYTES == 4 + 2 * sizeof(struct uuid) + 2 * sizeof(int64_t),
               "version, key, kind, account, session, and when it was issued and expires");
_Static_assert(TOKEN_KEY_BYTES == crypto_auth_KEYBYTES, "a token key is a crypto_auth key");
_Static_assert(BASE64URL_LENGTH(TOKEN_BYTES) == TOKEN_LENGTH, "the token's length");

void token_keys_set(size_t count, const struct token_key new_keys[])
{
	assert(count >= 1 && count <= TOKEN_KEYS_MAX);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++)
			assert(new_keys[i].id != new_keys[j].id);
	}
	sodium_memzero(keys, sizeof(keys));
	memcpy(keys, new_keys, count * sizeof(keys[0]));
	key_count = count;
}

bool token_key_derive(size_t index, const char *purpose, uint8_t ret[TOKEN_KEY_BYTES])
{
	if (index >= key_count)
		return false;
	crypto_auth(ret, (const uint8_t *)purpose, strlen(purpose), keys[index].bytes);
	return true;
}

static bool kind_is_known(enum token_kind kind)
{
	return kind == TOKEN_ACCOUNT || kind == TOKEN_ADMIN || kind == TOKEN_VIEW;
}

void token_make(const struct token *token, char ret[TOKEN_LENGTH + 1])
{
	uint8_t bytes[TOKEN_BYTES] = {VERSION, keys[0].id, (uint8_t)token->kind, 0};

	assert(key_count > 0 && key_count <= TOKEN_KEYS_MAX);
	assert(kind_is_known(token->kind));
	memcpy(bytes + 4, token->account_id.bytes, 16);
	memcpy(bytes + 20, token->session_id.bytes, 16);
	binary_put_int64(bytes + 36, token->issued_s);
	binary_put_int64(bytes + 44, token->expires_s);
	crypto_auth(bytes + CONTENT_BYTES, bytes, CONTENT_BYTES, keys[0].bytes);
	base64url_encode(bytes, sizeof(bytes), ret);
}

static const struct token_key *key_of(uint8_t id)
{
	for (size_t i = 0; i < key_count; i++) {
		if (keys[i].id == id)
			return &keys[i];
	}
	return NULL;
}

enum token_verdict token_check(const char *text, int64_t now_s, struct token *ret)
{
	uint8_t bytes[TOKEN_BYTES];

	if (strlen(text) != TOKEN_LENGTH || !base64url_decode(text, bytes, sizeof(bytes)))
		return TOKEN_BAD;
	const struct token_key *key = key_of(bytes[1]);

	if (bytes[0] != VERSION || key == NULL ||
	    crypto_auth_verify(bytes + CONTENT_BYTES, bytes, CONTENT_BYTES, key->bytes) != 0)
		return TOKEN_BAD;
	struct token token = {
	    .kind = bytes[2],
	    .issued_s = binary_int64(bytes + 36),
	    .expires_s = binary_int64(bytes + 44),
	};

	memcpy(token.account_id.bytes, bytes + 4, 16);
	memcpy(token.session_id.bytes, bytes + 20, 16);
	if (!kind_is_known(token.kind))
		return TOKEN_BAD;
	if (token.expires_s <= now_s)
		return TOKEN_EXPIRED;
	*ret = token;
	return TOKEN_GOOD;
}
