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
 * Compares `typed` with the code of that id, which may be compared with LIMIT_PHONE_CODE_TRIES
 * times; phone_code_spend() then uses it. Ends the task (401 bad_credentials) when it is another,
 * expired, used or of another number. Only who asked for a code knows its id, so nobody else can
 * use it up. Suspends.
 */
void phone_code_prove(struct request *rq, const char *phone, struct uuid id, const char *typed);

/* In a transaction of sebez_auth. Ends the task like the one before when another request has used
 * the code meanwhile. */
void phone_code_spend(struct db *db, struct uuid code);

/* The deliverer of the topic phone_code. */
void phone_code_deliver(struct task *task, struct delivery rows[], size_t count);

#endif
