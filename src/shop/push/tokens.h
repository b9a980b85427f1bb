/*
 * tokens: how the providers know us, kept per process: FCM's access token, the provider token of
 * APNs, and VAPID headers. They are made when they are needed and used until shortly before their
 * end. Private to the area.
 */
#ifndef SEBEZ_SHOP_PUSH_TOKENS_H
#define SEBEZ_SHOP_PUSH_TOKENS_H

#include "shop/push/credentials.h"

/* Once per process; the credentials and settings outlive it. */
void tokens_start(const struct push_credentials *credentials, const struct push_settings *settings);

/*
 * tokens_fcm: an access token of FCM. Suspends the fiber when Google must be asked; fibers that
 * need one meanwhile wait for the same answer, and while the old one is valid, nobody waits.
 *
 * Returns PUSH_SENT and *ret, in the arena; or why there is none: PUSH_PROVIDER_FAILED, PUSH_RETRY
 * or PUSH_ALARM.
 */
struct push_verdict tokens_fcm(struct arena *arena, const char **ret);
/* FCM refuses this token: the next one is another. */
void tokens_fcm_refused(const char *token);

/* The provider token of APNs, which may be renewed every 20 to 60 minutes. NULL: no memory. */
const char *tokens_apns(struct arena *arena);
/* APNs refuses this token. 0: there may be another one now; else how long not. */
int64_t tokens_apns_refused_ms(const char *token);

/* web_push_vapid() of this origin. NULL: no memory. */
const char *tokens_vapid(struct arena *arena, const char *origin);

#endif
