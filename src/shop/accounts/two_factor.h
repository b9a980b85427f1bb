/*
 * two_factor: codes of an account's authenticator app and recovery codes, and sign-ins that wait
 * for one. docs/ACCOUNTS.md has the flow and its limits. Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_TWO_FACTOR_H
#define SEBEZ_SHOP_ACCOUNTS_TWO_FACTOR_H

#include "task/db.h"
#include "web/request.h"

/*
 * Counts a guess at a code before it is compared: of the account in the network of the request,
 * and, when the account has never signed in there, of all such networks together. So guessing is
 * slow, and still nobody elsewhere keeps the owner out, whose network is known; one that is not
 * accepts recovery codes, which do not count towards the second limit. Ends the task (429).
 * Suspends.
 */
void two_factor_throttle(struct request *rq, struct uuid account, const char *code);

/* Uses up a code of either kind, in tx (of sebez_auth). Ends the task (401 bad_credentials) when it
 * is wrong, used or expired, or the account has no second factor. Suspends. */
void two_factor_use(struct request *rq, struct db *tx, struct uuid account, const char *code);

/* Whether the account has a second factor. */
bool two_factor_is_on(struct db *db, struct uuid account);

/* In tx (of sebez_auth): begins a sign-in that waits for its second factor, commits, and replies
 * (202) with what is taken as such. A passkey signs in by itself (passkey_sign_in.c). Suspends. */
void challenge_reply(struct request *rq, struct db *tx, struct uuid account, bool has_app,
                     bool has_passkey);

/* Tells the account by a mail, which inserts the facts (JSON). */
void two_factor_tell(struct db *tx, struct uuid account, const char *key, const char *facts);

#endif
