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

struct jwt_key;

/* Of providers that say who somebody is; lists have blanks between. "": not set. */
struct identity_settings {
	const char *google_client_ids, *google_keys_url;
	const char *apple_client_ids, *apple_url;
	/* Apple's tokens are kept and revoked when these are set. */
	const char *apple_team_id, *apple_key_id;
	const struct jwt_key *apple_key; /* NULL: they are not */
};

/* What is asked of who is suspicious (SEBEZ_PROOF, in the order of its words). */
enum suspicion_kind { SUSPICION_NONE, SUSPICION_WORK, SUSPICION_HCAPTCHA, SUSPICION_TURNSTILE };

struct suspicion_settings {
	enum suspicion_kind kind;
	const char *site_key, *secret, *url; /* of the service */
};

/* Settings of the operator (docs/CONFIGURATION.md); they live as long as the process. */
struct account_settings {
	struct suspicion_settings suspicion;
	struct identity_settings identity;
	const struct places *places; /* net/places.h; NULL: countries are not known */
	const char *shop;            /* name of the marketplace */
	const char *passkey_domain;  /* that passkeys are for; "": there are none */
	const char *passkey_origins; /* of pages and apps that may use them, with blanks between */
};

typedef void accounts_report_fn(void *arg, bool good, const char *what, const char *detail);

/* Asks the providers that are set for their keys, and reports. From a fiber; suspends. */
void accounts_probe_identity(const struct identity_settings *settings, accounts_report_fn *report,
                             void *arg);

/* The settings of this process, from the start of the area on. */
const struct account_settings *account_settings(void);

extern const struct problem_code PROBLEM_TOKEN_REUSED[1];
extern const struct problem_code PROBLEM_SECOND_FACTOR_REQUIRED[1];
extern const struct problem_code PROBLEM_RECENT_REQUIRED[1];
extern const struct problem_code PROBLEM_ADDRESS_REFUSED[1];
extern const struct problem_code PROBLEM_VENDORS_FIRST[1];
extern const struct problem_code PROBLEM_PROOF_REQUIRED[1];

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

/* What seals a secret of a row. accounts_reseal: OLDER: *ret is the same, sealed with the newest
 * key, in the arena; LOST: no key that is set opens it. Any process with keys (web/token.h). */
enum accounts_secret { ACCOUNTS_TOTP, ACCOUNTS_IDENTITY };
enum accounts_sealed { ACCOUNTS_SEALED_NEWEST, ACCOUNTS_SEALED_OLDER, ACCOUNTS_SEALED_LOST };
enum accounts_sealed accounts_reseal(struct arena *arena, enum accounts_secret kind,
                                     struct uuid owner, const struct bytes *sealed,
                                     struct bytes *ret);

/* Takes the second factor of the account away that has this e-mail address or telephone number, and
 * ends its sessions, for somebody who lost app and recovery codes. The audit log tells. Ends the
 * task (404) when there is no such account. Runs as sebez_jobs. May suspend. */
void accounts_reset_factors(struct task *task, const char *who);

#endif
