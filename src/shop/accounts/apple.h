/*
 * apple: tokens of Sign in with Apple, which are kept so that Apple can be told when a person
 * leaves, as it demands of apps. Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_APPLE_H
#define SEBEZ_SHOP_ACCOUNTS_APPLE_H

#include "shop/outbox/outbox.h"
#include "task/db.h"

struct apple_code {
	const char *code, *redirect_uri; /* redirect_uri: NULL of an app */
};

/* Has the code exchanged for a token, in tx (of sebez_auth), unless the identity has one or the
 * operator has no key of Apple. */
void apple_keep_code(struct arena *arena, struct db *tx, struct uuid identity,
                     const char *client_id, const struct apple_code *code);

/* Deliverers of the topics apple_code and apple_revoke. */
void apple_exchange(struct task *task, struct delivery rows[], size_t count);
void apple_revoke(struct task *task, struct delivery rows[], size_t count);

#endif
