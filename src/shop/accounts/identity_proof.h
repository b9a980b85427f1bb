/*
 * identity_proof: tokens that an identity provider has given to an app of ours, for a challenge of
 * ours. docs/ACCOUNTS.md, "Google and Apple". Private to accounts/.
 *
 * Who wants a token gets a challenge, which they keep, and its nonce (a hash of it), which the
 * provider writes into the token. So a token that somebody else gets hold of is of no use to them,
 * and each is of use once.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_IDENTITY_PROOF_H
#define SEBEZ_SHOP_ACCOUNTS_IDENTITY_PROOF_H

#include "api.gen.h"
#include "shop/accounts/id_token.h"
#include "task/db.h"
#include "web/request.h"

struct identity_given {
	enum identity_provider_choice provider;
	const char *challenge, *token;
};

/* What the token says, once it was verified. Ends the task: 409 when the marketplace takes no
 * tokens of the provider, 401 (bad_credentials) when the token is not good for the challenge, 503
 * when the provider's keys cannot be read. Suspends. */
const struct id_token *identity_prove(struct request *rq, const struct identity_given *given);

/* Takes the challenge, in tx (of sebez_auth): of this session, or, when it is to sign in, of none.
 * Ends the task (401). Suspends. */
void identity_take(struct request *rq, struct db *tx, const struct id_token *token,
                   bool is_of_session);

/* The name for people of a provider, by its name in the contract. */
const char *identity_title(const char *provider);

_Noreturn void identity_refuse(struct request *rq, const char *detail);

#endif
