/*
 * password: argon2id (libsodium, 19456 KiB, 2 passes, 1 lane: OWASP's first choice) on the thread
 * pool, so that the loop goes on.
 *
 * A hash costs 19 MiB and a core for tens of milliseconds. So LIMIT_PASSWORD_HASHES run at once in
 * a process, LIMIT_PASSWORD_QUEUE wait in order, and more are refused: the task ends with
 * PROBLEM_OVERLOADED and Retry-After. Everything here suspends, except password_is_outdated.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_PASSWORD_H
#define SEBEZ_SHOP_ACCOUNTS_PASSWORD_H

#include <stdbool.h>

#include "task/task.h"

/* The hash to store, in the task's arena. It is of the password in NFC, as one device composes its
 * letters and another does not. */
const char *password_hash(struct task *task, const char *password);

/* Whether the password is the hash's. hash NULL is nobody's: false, after the same work. In
 * outdated (may be NULL), whether to hash it anew while it is at hand: the hash was made with other
 * parameters than today's, or of the password as it was typed. */
bool password_matches(struct task *task, const char *hash, const char *password, bool *outdated);

bool password_is_outdated(const char *hash); /* by its parameters */

/* What nobody's password is compared with: as costly as any. */
extern const char PASSWORD_OF_NOBODY[];

#endif
