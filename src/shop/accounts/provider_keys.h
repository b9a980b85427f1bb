/*
 * provider_keys: the keys that identity providers publish (JWK Sets), kept as long as each says.
 * Per process. Private to accounts/.
 *
 * A key that is not known is asked for once, and at most every ten seconds however many tokens name
 * unknown keys. While a provider does not answer, known keys are good for a day more, and others
 * are answered with 503.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_PROVIDER_KEYS_H
#define SEBEZ_SHOP_ACCOUNTS_PROVIDER_KEYS_H

#include "api.gen.h"
#include "shop/accounts/id_token.h"
#include "task/task.h"

/* Until the fiber next suspends. NULL: the provider has no such key. Ends the task (503) when
 * nobody knows. Suspends. */
const struct public_key *provider_key(struct task *task, enum identity_provider_choice provider,
                                      const char *id);

#endif
