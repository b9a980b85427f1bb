/* token_keys: the keys of web/token.h, made of the secret and the one before. */
#ifndef SEBEZ_NODE_TOKEN_KEYS_H
#define SEBEZ_NODE_TOKEN_KEYS_H

#include "node/secret.h"

/* previous: what was made with it is valid, too; NULL: there is none. */
void token_keys_load(const struct secret *secret, const struct secret *previous);

/* For a process that checks no tokens: any two, of which `older` may be long gone. What is sealed
 * with either is opened. */
void token_keys_load_to_open(const struct secret *secret, const struct secret *older);

#endif
