/* token_keys: the keys of web/token.h, made of the secret and the one before. */
#ifndef SEBEZ_NODE_TOKEN_KEYS_H
#define SEBEZ_NODE_TOKEN_KEYS_H

#include "node/secret.h"

/* previous: what was made with it is valid, too; NULL: there is none. */
void token_keys_load(const struct secret *secret, const struct secret *previous);

#endif
