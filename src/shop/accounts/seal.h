/*
 * seal: secrets of accounts as the database keeps them: encrypted with a key that is derived from
 * the server's secret, so that a backup alone has none. Private to accounts/.
 *
 * Sealed: the key's id (1 byte), a nonce, the secret under XChaCha20-Poly1305, which is bound to
 * the owner of the row, so that a secret moved to another row does not open.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_SEAL_H
#define SEBEZ_SHOP_ACCOUNTS_SEAL_H

#include "base/arena.h"
#include "base/uuid.h"
#include "shop/accounts/accounts.h"
#include "task/params.h"

/* With the newest key, in the arena. */
struct bytes seal(struct arena *arena, enum accounts_secret kind, struct uuid owner,
                  const void *secret, size_t length);

/* With whatever key that is set, a 0 behind them. False when none opens it, or it is of another
 * owner. */
bool seal_open(struct arena *arena, enum accounts_secret kind, struct uuid owner,
               const struct bytes *sealed, struct bytes *ret) __attribute__((warn_unused_result));

#endif
