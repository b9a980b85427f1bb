/*
 * accounts: registration, sign-in, sessions, address books.
 *
 * For others: functions of the command line. Sign-in runs as sebez_auth, the only role that reads
 * password hashes and tokens; the envelope determines an account's permissions.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_ACCOUNTS_H
#define SEBEZ_SHOP_ACCOUNTS_ACCOUNTS_H

#include "shop/area.h"
#include "task/params.h"
#include "web/request.h"

extern const struct area AREA_ACCOUNTS;

/* Settings of the operator (docs/CONFIGURATION.md); they live as long as the process. */
struct account_settings {
	const char *shop;            /* name of the marketplace */
	const char *passkey_domain;  /* that passkeys are for; "": there are none */
	const char *passkey_origins; /* of pages and apps that may use them, with blanks between */
};

/* The settings of this process, from the start of the area on. */
const struct account_settings *account_settings(void);

extern const struct problem_code PROBLEM_TOKEN_REUSED[1];
extern const struct problem_code PROBLEM_SECOND_FACTOR_REQUIRED[1];
extern const struct problem_code PROBLEM_RECENT_REQUIRED[1];
extern const struct problem_code PROBLEM_ADDRESS_REFUSED[1];
extern const struct problem_code PROBLEM_VENDORS_FIRST[1];

/*
 * The account key of an e-mail address, independent of its spelling, in the arena (base/email.h).
 * Every lookup of an account by address uses it, so that the database and the throttle agree on
 * what is one account. An invalid address gives a key that no account has.
 */
const char *account_key(struct arena *arena, const char *typed);

/* Compares with the password of the signed-in account and returns the hash that it matched. NULL:
 * not given. Runs without the envelope, so it checks the session itself. Ends the task (400, 401,
 * 409). Suspends. */
const char *account_check_password(struct request *rq, const char *current_password);

/*
 * Makes an admin account, or makes an existing account admin: sets its role and password, and ends
 * its sessions. name may be NULL; role too, for a superadmin. Ends the task (PROBLEM_INVALID) when
 * the role does not exist, or when the e-mail address or the password would be refused for
 * registration. Runs as sebez_jobs. May suspend.
 */
void accounts_create_admin(struct task *task, const char *email, const char *name, const char *role,
                           const char *password);

/* What sealed a value of the table totp. accounts_reseal: OLDER: *ret is the same, sealed with the
 * newest key, in the arena; LOST: no key that is set opens it. Any process with keys (web/token.h).
 */
enum accounts_sealed { ACCOUNTS_SEALED_NEWEST, ACCOUNTS_SEALED_OLDER, ACCOUNTS_SEALED_LOST };
enum accounts_sealed accounts_reseal(struct arena *arena, struct uuid account,
                                     const struct bytes *sealed, struct bytes *ret);

/* Takes the second factor of the account away that has this e-mail address or telephone number, and
 * ends its sessions, for somebody who lost app and recovery codes. The audit log tells. Ends the
 * task (404) when there is no such account. Runs as sebez_jobs. May suspend. */
void accounts_reset_factors(struct task *task, const char *who);

#endif
