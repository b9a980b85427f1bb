/*
 * phone_code: codes by text message, which prove that a number is the caller's. Private to
 * accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_PHONE_CODE_H
#define SEBEZ_SHOP_ACCOUNTS_PHONE_CODE_H

#include "shop/outbox/outbox.h"
#include "web/request.h"

/* The number as phone_form() writes it, in the arena. field: of the input, for the error. */
const char *phone_given(struct request *rq, const char *field, const char *typed);

/*
 * Compares `typed` with the latest code of the number, of which each may be compared with
 * LIMIT_PHONE_CODE_TRIES times, and returns its id; phone_code_spend() then uses it. Ends the task
 * (401 bad_credentials) when it is another, expired or used. Suspends.
 */
struct uuid phone_code_prove(struct request *rq, const char *phone, const char *typed);

/* In a transaction, or outside one, as sebez_auth. Ends the task like the one before when another
 * request has used the code meanwhile. */
void phone_code_spend(struct db *db, struct uuid code);

/* The deliverer of the topic phone_code. */
void phone_code_deliver(struct task *task, struct delivery rows[], size_t count);

#endif
