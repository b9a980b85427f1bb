/*
 * sign_in: code shared by registration, sign-in and refresh. Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_SIGN_IN_H
#define SEBEZ_SHOP_ACCOUNTS_SIGN_IN_H

#include "shop/accounts/accounts.h"
#include "shop/accounts/refresh.h"
#include "task/db.h"
#include "web/request.h"

enum {
	ACCESS_TOKEN_S = 15 * 60,
	SESSION_DAYS = 60, /* since it was last refreshed */
};

struct signed_in {
	struct uuid account_id, session_id;
	bool admin;
	struct refresh_token token;
};

/* After a first factor was right. An account without a second one is signed in at once; so is one
 * that has passkeys because it likes them. One with an app, or whose passkeys are the second factor
 * that the marketplace demands, gets a challenge (202), whose answer signs in. In tx (of
 * sebez_auth), which is committed. Suspends. */
void sign_in(struct request *rq, struct db *tx, struct uuid account_id, bool admin, int status);

/* What a client says of its device; either may be NULL. */
struct sign_in_device {
	const char *name;
	const struct uuid *id; /* that its app made and keeps */
	bool second_factor;    /* the sign-in has shown one */
};

void sign_in_on(struct request *rq, struct db *tx, struct uuid account_id, bool admin, int status,
                const struct sign_in_device *device);

/* Starts a session in tx (of sebez_auth) with the guest's cart, commits, and replies. device may be
 * NULL. A new device of an account that is not new itself (201) is told of. Suspends. */
void sign_in_at_once(struct request *rq, struct db *tx, struct uuid account_id, bool admin,
                     int status, const struct sign_in_device *device);

/* Commits tx (of sebez_auth) and replies with tokens. Suspends. */
void sign_in_reply(struct request *rq, struct db *tx, int status,
                   const struct signed_in *signed_in);

/*
 * Counts a guess at an account's password before it is compared, so that parallel requests cannot
 * exceed the limit. After a correct password the handler takes the count back
 * (limit_refund_guesses). The limit per client address is low; the limit over all addresses is
 * higher, so that one attacker alone does not lock out the owner. email_key comes from account_key.
 * Ends the task (429). Suspends.
 */
void sign_in_throttle(struct request *rq, const char *email_key);

/* A transaction of sebez_auth, for which no envelope checks the session: it has not ended, and the
 * account, which is not locked, stays as it is until the end. *ret_login, unless NULL: its address
 * or number. Ends the task when the session has ended (401) or the account is locked (403).
 * Suspends. */
struct db *session_begin(struct request *rq, const char **ret_login);

/* For limit_guess: a hash of an address or a number, so that counters do not reveal who it is. */
const char *sign_in_who(struct request *rq, const char *who);

/* Ends the task (429) when another code may be asked for only after wait_s seconds. */
void sign_in_expect_no_wait(struct request *rq, int32_t wait_s);

_Noreturn void sign_in_refuse(struct request *rq); /* bad_credentials, whatever the cause */
_Noreturn void sign_in_refuse_locked(struct request *rq);

#endif
