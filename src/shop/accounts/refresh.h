/*
 * refresh: refresh tokens and the rule of their rotation. Only computes.
 *
 * A token is "rt1_" and 32 bytes in base64url; the database has only its SHA-256. It works once.
 * Its successor is a keyed hash of it, so that a retry after a lost answer is given the very same
 * successor although nobody has stored it.
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
	REFRESH_RETRY_S = 30, /* how long a retry is taken for one */
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

/* What the database knows of a token that came. */
struct refresh_facts {
	bool alive;          /* its session */
	bool used;           /* it has a successor */
	bool recent;         /* used within REFRESH_RETRY_S */
	bool successor_used; /* so the answer with the successor did arrive */
};

enum refresh_verdict {
	REFRESH_ROTATE, /* first use: make the successor */
	REFRESH_REPEAT, /* a retry: the same successor again */
	REFRESH_REUSED, /* somebody else has it too: the session must end */
	REFRESH_OVER,   /* the session has ended */
};

enum refresh_verdict refresh_judge(const struct refresh_facts *facts);

#endif
