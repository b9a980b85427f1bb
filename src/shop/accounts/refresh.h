/*
 * refresh: refresh tokens and their rotation rule. Pure computation.
 *
 * A token is "rt1_" and 32 bytes in base64url; the database stores only its SHA-256. It works once.
 * Its successor is a keyed hash of it, so that a retry after a lost response gets the same
 * successor, although it is not stored.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_REFRESH_H
#define SEBEZ_SHOP_ACCOUNTS_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REFRESH_BYTES = 32,
	REFRESH_KEY_BYTES = 32,
	REFRESH_HASH_BYTES = 32,
	REFRESH_LENGTH = 47,
	REFRESH_RETRY_S = 30, /* reuse within this time is a retry */
};

struct refresh_token {
	uint8_t bytes[REFRESH_BYTES];
};

struct refresh_hash {
	uint8_t bytes[REFRESH_HASH_BYTES];
};

struct refresh_token refresh_token_random(void);
struct refresh_token refresh_token_successor(const struct refresh_token *parent,
                                             const uint8_t key[REFRESH_KEY_BYTES]);
struct refresh_hash refresh_token_hash(const struct refresh_token *token);
void refresh_token_format(const struct refresh_token *token, char ret[REFRESH_LENGTH + 1]);
bool refresh_token_parse(const char *text, struct refresh_token *ret)
    __attribute__((warn_unused_result));

/* What the database knows of a presented token. */
struct refresh_facts {
	bool alive;          /* its session has not ended */
	bool used;           /* it has a successor */
	bool recent;         /* used within REFRESH_RETRY_S */
	bool successor_used; /* so the client received the successor */
};

enum refresh_verdict {
	REFRESH_ROTATE, /* first use: make the successor */
	REFRESH_REPEAT, /* a retry: return the same successor */
	REFRESH_REUSED, /* possibly stolen: end the session */
	REFRESH_OVER,   /* the session has ended */
};

enum refresh_verdict refresh_judge(const struct refresh_facts *facts);

#endif
