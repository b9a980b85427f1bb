/*
 * token: the access token, a fixed struct under crypto_auth (HMAC-SHA-512-256), in base64url.
 * Opaque to clients. It identifies the account, not its permissions: the envelope checks those in
 * the database.
 *
 * Several keys may be set: the first one signs, all verify, so that keys can be rotated without
 * signing anyone out. Checked in constant time.
 */
#ifndef SEBEZ_WEB_TOKEN_H
#define SEBEZ_WEB_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

enum {
	TOKEN_KEYS_MAX = 8,
	TOKEN_KEY_BYTES = 32,
	TOKEN_BYTES = 84, /* 52 of content, 32 of code */
	TOKEN_LENGTH = 112,
};

enum token_kind {
	TOKEN_ACCOUNT = 1,
	TOKEN_ADMIN = 2, /* an account with an admin role */
	TOKEN_VIEW = 3,  /* a support view: its id is the session's, and what is seen decides the
	                  * envelope */
};

struct token {
	enum token_kind kind;
	struct uuid account_id;
	struct uuid session_id;
	int64_t issued_s, expires_s; /* Unix seconds */
};

struct token_key {
	uint8_t id;
	uint8_t bytes[TOKEN_KEY_BYTES];
};

enum token_verdict { TOKEN_GOOD, TOKEN_BAD, TOKEN_EXPIRED };

/* 1 to TOKEN_KEYS_MAX keys with different ids, newest first. Copied. */
void token_keys_set(size_t count, const struct token_key keys[]);

/* A key for another purpose, derived from key number `index`, newest first; false when there is no
 * such key. So what was made with it can be verified while that key is still set. */
bool token_key_derive(size_t index, const char *purpose, uint8_t ret[TOKEN_KEY_BYTES])
    __attribute__((warn_unused_result));

void token_make(const struct token *token, char ret[TOKEN_LENGTH + 1]);
/* ret is written only for TOKEN_GOOD. */
enum token_verdict token_check(const char *text, int64_t now_s, struct token *ret)
    __attribute__((warn_unused_result));

#endif
