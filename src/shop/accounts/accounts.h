/*
 * accounts: who somebody is: registration, sign-in, sessions, address books.
 *
 * For others: what the command line and the jobs process ask of it. Sign-in runs as sebez_auth, the
 * only role that reads password hashes and tokens; what an account may do is the envelope's to say.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_ACCOUNTS_H
#define SEBEZ_SHOP_ACCOUNTS_ACCOUNTS_H

#include "task/task.h"

/*
 * Makes a superadmin, or makes an existing account one: that account then has this password, and
 * its sessions end. name may be NULL. Ends the task (PROBLEM_INVALID) when the e-mail address or
 * the password would not do for registering. Runs as sebez_jobs. May suspend.
 */
void accounts_create_admin(struct task *task, const char *email, const char *name,
                           const char *password);

/* A job: removes sessions that are over, and refresh tokens that were used long ago. */
void accounts_purge(struct task *task);

#endif
