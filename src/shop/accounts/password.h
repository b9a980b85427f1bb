/*
 * password: argon2id (libsodium, 19456 KiB, 2 passes, 1 lane: OWASP's first choice) on the thread
 * pool, so that the event loop is not blocked.
 *
 * A hash costs 19 MiB and one core for tens of milliseconds. So at most LIMIT_PASSWORD_HASHES run
 * at once in a process, LIMIT_PASSWORD_QUEUE wait in order, and more are refused: the task ends
 * with PROBLEM_OVERLOADED and Retry-After. Everything here suspends, except password_is_outdated.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_PASSWORD_H
#define SEBEZ_SHOP_ACCOUNTS_PASSWORD_H

#include <stdbool.h>

#include "task/task.h"

/* The hash to store, in the task's arena. Hashes the password in NFC, because devices compose
 * letters differently. */
const char *password_hash(struct task *task, const char *password);

/* Whether the password matches the hash. hash NULL (no such account): false, after the same work.
 * Sets outdated (may be NULL) when the password should be hashed again: the hash has other
 * parameters than today's, or is of the password before NFC. */
bool password_matches(struct task *task, const char *hash, const char *password, bool *outdated);

bool password_is_outdated(const char *hash); /* by its parameters */

/* Compared with when there is no account, at the same cost as any hash. */
extern const char PASSWORD_OF_NOBODY[];

#endif
