/* passkey: proofs by a passkey of an account. Private to accounts/. */
#ifndef SEBEZ_SHOP_ACCOUNTS_PASSKEY_H
#define SEBEZ_SHOP_ACCOUNTS_PASSKEY_H

#include "shop/accounts/passkey_answer.h"

struct passkey_proof {
	struct uuid passkey_id, account_id;
	uint32_t count;
};

/* Takes the challenge of an answer that was read, and finds the passkey that has signed it. Ends
 * the task (401). Suspends. */
struct passkey_proof passkey_prove(struct request *rq, const struct passkey_answer *answer);

/* In tx (of sebez_auth), which has locked the account: notes the use. A count that is not higher
 * than the one before means that the passkey was copied: then tells the account by mail, commits,
 * and ends the task (401). Suspends. */
void passkey_use(struct request *rq, struct db *tx, const struct passkey_proof *proof);

#endif
