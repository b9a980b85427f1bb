/*
 * breaker: a circuit breaker. After some failures in a row it opens, and nobody calls the
 * destination; when it has been open for a while it lets one call through, the probe, whose outcome
 * closes it or opens it again, for twice as long.
 *
 * A zeroed breaker is closed. Times are milliseconds of the monotonic clock.
 */
#ifndef SEBEZ_BASE_BREAKER_H
#define SEBEZ_BASE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_options {
	unsigned failures;        /* in a row, that open it */
	int64_t first_ms, max_ms; /* that it stays open: the first time, and at most */
};

struct breaker {
	enum breaker_state state;
	unsigned failures; /* in a row */
	unsigned openings; /* since it was closed */
	int64_t open_until_ms;
};

/* The state now: an open one whose time is over becomes half-open. */
enum breaker_state breaker_state(struct breaker *breaker, int64_t now_ms);
/* The destination has answered. */
void breaker_succeed(struct breaker *breaker);
/* It has not, or with a failure of its own. chance: any random number (base/backoff.h). Returns
 * whether this opened it. */
bool breaker_fail(struct breaker *breaker, const struct breaker_options *options, int64_t now_ms,
                  uint32_t chance);
/* Whether it is as if it had never been used. */
bool breaker_is_pristine(const struct breaker *breaker);

#endif
