/*
 * secret: the master key of an installation. All other keys and passwords are derived from it.
 */
#ifndef SEBEZ_NODE_SECRET_H
#define SEBEZ_NODE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config.h"

enum { SECRET_BYTES = 32, SECRET_TEXT_LENGTH = 64 };

/* What the id of a key for access tokens is derived for. */
#define SECRET_TOKEN_ID "access tokens, key id"

struct secret {
	uint8_t key[SECRET_BYTES];
};

/* 64 hexadecimal digits, or base64 (either alphabet, padded or not) of 32 bytes. */
bool secret_parse(const char *text, struct secret *ret);

/* The key of SEBEZ_SECRET, or the one in `data`/secret. Prints the error and returns -errno on
 * failure. */
int secret_find(const struct config *config, const char *data, struct secret *ret)
    __attribute__((warn_unused_result));

/* The same, but creates a missing key if the database is embedded. An external database may be used
 * by other servers, and a new key would lock them out. */
int secret_load(const struct config *config, const char *data, struct secret *ret)
    __attribute__((warn_unused_result));

/* The one before, whose keys are valid too: SEBEZ_SECRET_PREVIOUS, or `data`/secret.previous when
 * SEBEZ_SECRET is not set. 1: there is one, 0: none; prints the error and returns -errno on
 * failure. */
int secret_find_previous(const struct config *config, const char *data, struct secret *ret)
    __attribute__((warn_unused_result));

/* A new one, whose tokens can be told from those of the one before. */
void secret_make_next(const struct secret *before, struct secret *ret);

/* Replaces `data`/secret by the next one, of which the one there becomes the previous one. What a
 * crash leaves is one of both states. */
int secret_rotate(const char *data, const struct secret *next) __attribute__((warn_unused_result));

/* The previous one is not valid any more. A running server knows after a reload: until it calls
 * secret_ended, or a command that has found no server does, it is ending. */
int secret_forget_previous(const char *data) __attribute__((warn_unused_result));
bool secret_is_ending(const char *data);
int secret_ended(const char *data) __attribute__((warn_unused_result));

/* Derives a key for one purpose, as hexadecimal text; it reveals nothing about the secret. */
void secret_derive(const struct secret *secret, const char *purpose,
                   char ret[SECRET_TEXT_LENGTH + 1]);

/* The password of a database role. */
void secret_role_password(const struct secret *secret, const char *role,
                          char ret[SECRET_TEXT_LENGTH + 1]);

#endif
