/*
 * sign_in: what registering, signing in and refreshing have in common. Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_SIGN_IN_H
#define SEBEZ_SHOP_ACCOUNTS_SIGN_IN_H

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

/* Commits tx (of sebez_auth) and answers with tokens. Suspends. */
void sign_in_reply(struct request *rq, struct db *tx, int status,
                   const struct signed_in *signed_in);

/*
 * Counts a guess at one account's password before it is compared, so that many at once are no way
 * around. The handler takes the right one back (limit_take_back_guesses). At one address a few are
 * enough to be stopped; from all addresses together it takes more, so that a stranger alone does
 * not keep the owner out. email_key is as account_key made it. Ends the task (429). Suspends.
 */
void sign_in_throttle(struct request *rq, const char *email_key);

_Noreturn void sign_in_refuse(struct request *rq); /* bad_credentials, whatever was wrong */
_Noreturn void sign_in_refuse_locked(struct request *rq);

#endif
