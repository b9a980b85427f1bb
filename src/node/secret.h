/*
 * secret: the one key of an installation, from which everything else is derived.
 */
#ifndef SEBEZ_NODE_SECRET_H
#define SEBEZ_NODE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config.h"

enum { SECRET_BYTES = 32, SECRET_TEXT_LENGTH = 64 };

struct secret {
	uint8_t key[SECRET_BYTES];
};

/* 64 hexadecimal digits, or base64 (either alphabet, padded or not) of 32 bytes. */
bool secret_parse(const char *text, struct secret *ret);

/* The key of SEBEZ_SECRET, or the one kept in `data`/secret. Says what went wrong and returns
 * -errno. */
int secret_find(const struct config *config, const char *data, struct secret *ret)
    __attribute__((warn_unused_result));

/* The same, but where the database is the embedded one a missing key is made. Elsewhere other
 * servers may use the database, and a new key would lock them out. */
int secret_load(const struct config *config, const char *data, struct secret *ret)
    __attribute__((warn_unused_result));

/* A key for one purpose, as hexadecimal text; nothing of the secret can be learned from it. */
void secret_derive(const struct secret *secret, const char *purpose,
                   char ret[SECRET_TEXT_LENGTH + 1]);

/* The password of a database role. */
void secret_role_password(const struct secret *secret, const char *role,
                          char ret[SECRET_TEXT_LENGTH + 1]);

#endif
