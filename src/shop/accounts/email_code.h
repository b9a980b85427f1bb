/*
 * email_code: codes by mail, which prove that an address is the caller's. Private to accounts/.
 *
 * A code follows from its id and the server's key. One that lets somebody into an account that is
 * there already has ten letters and digits (50 bits), so that it cannot be guessed; the others have
 * six digits.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_EMAIL_CODE_H
#define SEBEZ_SHOP_ACCOUNTS_EMAIL_CODE_H

#include "email_code.sql.h"
#include "shop/outbox/outbox.h"
#include "web/request.h"

enum email_code_purpose {
	EMAIL_CODE_RESET,
	EMAIL_CODE_REGISTRATION,
	EMAIL_CODE_CHANGE, /* of the address of an account: to the new one, */
	EMAIL_CODE_UNDO,   /* and to the former one */
	EMAIL_CODE_SIGN_IN,
	EMAIL_CODE_PURPOSES
};

enum { EMAIL_CODE_LETTERS = 10, EMAIL_CODE_DIGITS = 6 };

/* Before email_code_ask(): counts what is asked for from the caller's network. Ends the task (429).
 * Suspends. */
void email_code_count(struct request *rq, const char *email);

/*
 * Makes a code for the address and has it sent, in db, which is of sebez_auth. Looks at no account:
 * its work is the same for every address. Ends the task (429) when the address gets too many.
 * Suspends.
 */
void email_code_ask(struct request *rq, struct db *db, struct uuid id,
                    enum email_code_purpose purpose, const char *email);

/* Replies 202 with the id under this name, and when the code expires. Commits tx, unless NULL. */
void email_code_reply(struct request *rq, struct db *tx, const char *name, struct uuid id,
                      enum email_code_purpose purpose);

/*
 * Compares `typed` with the code of that id, which may be compared with LIMIT_EMAIL_CODE_TRIES
 * times; email_code_spend() then uses it. Ends the task (401 bad_credentials) when it is another,
 * expired, used or of another purpose. Only who asked for a code knows its id, so nobody else can
 * use it up. Suspends.
 */
const struct email_code_try_row *email_code_prove(struct request *rq,
                                                  enum email_code_purpose purpose, struct uuid id,
                                                  const char *typed);

/* In a transaction of sebez_auth. Ends the task like the one before when another request has used
 * the code meanwhile. */
void email_code_spend(struct db *db, struct uuid id);

_Noreturn void email_code_refuse(struct task *task);

/* The deliverer of the topic email_code. */
void email_code_deliver(struct task *task, struct delivery rows[], size_t count);

#endif
