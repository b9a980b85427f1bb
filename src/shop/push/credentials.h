/* credentials: what the settings name, read once per process. Private to the area. */
#ifndef SEBEZ_SHOP_PUSH_CREDENTIALS_H
#define SEBEZ_SHOP_PUSH_CREDENTIALS_H

#include "shop/push/provider.h"
#include "shop/push/push.h"

struct push_credentials {
	struct arena *arena;
	struct fcm_account fcm;
	struct jwt_key *fcm_key;   /* NULL: there is no account, */
	struct jwt_key *apns_key;  /* no key, */
	struct jwt_key *vapid_key; /* no key */
};

/* False: `error` is a sentence that names the setting, and *ret is empty. */
bool push_credentials_read(const struct push_settings *settings, struct push_credentials *ret,
                           char *error, size_t error_size);
void push_credentials_clear(struct push_credentials *credentials); /* an empty one is fine */

/* The public point of the VAPID key in base64url, as pages subscribe with it. */
const char *push_vapid_public(struct arena *arena, const struct push_credentials *credentials);

#endif
