/*
 * totp_secret: secrets of authenticator apps as the database keeps them: sealed (seal.h), so that a
 * backup alone makes no codes; and codes by which an account comes back without its app. Private to
 * accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_TOTP_SECRET_H
#define SEBEZ_SHOP_ACCOUNTS_TOTP_SECRET_H

#include "base/arena.h"
#include "base/totp.h"
#include "base/uuid.h"
#include "task/params.h"

enum {
	RECOVERY_CODES = 10,
	RECOVERY_CODE_SYMBOLS = 10, /* of five bits: guessing one of ten takes 2^46 tries */
	RECOVERY_CODE_LENGTH = RECOVERY_CODE_SYMBOLS + 1,
	RECOVERY_HASH_BYTES = 32,
};

struct totp_secret {
	uint8_t bytes[TOTP_SECRET_BYTES];
};

/* With the newest key, in the arena. */
struct bytes totp_secret_seal(struct arena *arena, struct uuid account,
                              const struct totp_secret *secret);

/* False when no key that is set opens it, or it is of another account. */
bool totp_secret_open(struct arena *arena, struct uuid account, const struct bytes *sealed,
                      struct totp_secret *ret) __attribute__((warn_unused_result));

/* A new code, "7k3m9-x2q8d". */
void recovery_code_random(char ret[RECOVERY_CODE_LENGTH + 1]);

/* What is stored of a code, as people type it: case, hyphens and blanks do not count, and letters
 * that look like digits are these. False when it has another length or other characters. */
bool recovery_code_hash(const struct totp_secret *secret, const char *typed,
                        uint8_t ret[RECOVERY_HASH_BYTES]) __attribute__((warn_unused_result));

#endif
