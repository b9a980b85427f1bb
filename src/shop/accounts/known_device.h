/*
 * known_device: what a device is called, and whether an account has signed in from it before. A
 * device is told apart by the id that its app made and keeps; without one, by its words and its
 * network. Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_KNOWN_DEVICE_H
#define SEBEZ_SHOP_ACCOUNTS_KNOWN_DEVICE_H

#include "shop/accounts/sign_in.h"

/* A user agent in a few words, "Chrome on Windows", in the arena; NULL: it says nothing known. */
const char *device_words(struct arena *arena, const char *user_agent);

/* Adds to a chain of sebez_auth the statement that notes the device, whose rows say whether it is
 * new. words may be NULL. */
struct rows *device_note(struct request *rq, struct db *chain, struct uuid account,
                         const struct sign_in_device *device, const char *words);

/* In tx, after the chain has run: tells an account by mail and in the app of a device that is new
 * to it. Its first one is not told of. */
void device_tell(struct request *rq, struct db *tx, const struct signed_in *signed_in,
                 const struct rows *noted, const char *name);

#endif
