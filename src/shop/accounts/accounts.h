/*
 * accounts: who somebody is: registration, sign-in, sessions, address books.
 *
 * For others: what the command line asks of it. Sign-in runs as sebez_auth, the
 * only role that reads password hashes and tokens; what an account may do is the envelope's to say.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_ACCOUNTS_H
#define SEBEZ_SHOP_ACCOUNTS_ACCOUNTS_H

#include "shop/area.h"
#include "task/task.h"

extern const struct area AREA_ACCOUNTS;

extern const struct problem_code PROBLEM_TOKEN_REUSED[1];

/*
 * The key of the account that has this e-mail address, however it was typed, in the arena
 * (base/email.h). Whatever looks for an account by an address passes here, so that what is one
 * account to the database is one to its throttle too. What is no address is nobody's key.
 */
const char *account_key(struct arena *arena, const char *typed);

/*
 * Makes an admin, or makes an existing account one: that account then has this role and password,
 * and its sessions end. name may be NULL; role too, for a superadmin. Ends the task
 * (PROBLEM_INVALID) when there is no such role, or when the e-mail address or the password would
 * not do for registering. Runs as sebez_jobs. May suspend.
 */
void accounts_create_admin(struct task *task, const char *email, const char *name, const char *role,
                           const char *password);

#endif
