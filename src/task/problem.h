/*
 * problem: errors that callers can see: a stable code, the HTTP status, a title. Codes are part of
 * the contract and are never renamed. These are for all areas; an area defines its own in its
 * header and its area.c.
 */
#ifndef SEBEZ_TASK_PROBLEM_H
#define SEBEZ_TASK_PROBLEM_H

#include <stddef.h>

struct problem_code {
	const char *name;
	int status;
	const char *title;
};

#define PROBLEM_NONE NULL /* of a task that has not ended with a problem */

/* Arrays of one, so that each name is a pointer, also in constant tables. */
extern const struct problem_code PROBLEM_INVALID[1];
extern const struct problem_code PROBLEM_UNAUTHENTICATED[1];
extern const struct problem_code PROBLEM_BAD_CREDENTIALS[1];
extern const struct problem_code PROBLEM_FORBIDDEN[1];
extern const struct problem_code PROBLEM_ACCOUNT_LOCKED[1];
extern const struct problem_code PROBLEM_LINK_REFUSED[1];
extern const struct problem_code PROBLEM_NOT_FOUND[1];
extern const struct problem_code PROBLEM_METHOD[1];
extern const struct problem_code PROBLEM_CONFLICT[1];
extern const struct problem_code PROBLEM_EXISTS[1];
extern const struct problem_code PROBLEM_TRANSITION[1];
extern const struct problem_code PROBLEM_IN_PROGRESS[1];
extern const struct problem_code PROBLEM_VERSION[1];
extern const struct problem_code PROBLEM_TOO_LARGE[1];
extern const struct problem_code PROBLEM_URI_TOO_LONG[1];
extern const struct problem_code PROBLEM_HEAD_TOO_LARGE[1];
extern const struct problem_code PROBLEM_MEDIA_TYPE[1];
extern const struct problem_code PROBLEM_RANGE[1];
extern const struct problem_code PROBLEM_KEY_REUSED[1];
extern const struct problem_code PROBLEM_KEY_REQUIRED[1];
extern const struct problem_code PROBLEM_RATE_LIMITED[1];
extern const struct problem_code PROBLEM_INTERNAL[1];
extern const struct problem_code PROBLEM_UNAVAILABLE[1];
extern const struct problem_code PROBLEM_OVERLOADED[1];
extern const struct problem_code PROBLEM_STORAGE_FULL[1];

#endif
