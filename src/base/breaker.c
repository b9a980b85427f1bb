#include "base/breaker.h"

#include <assert.h>

#include "base/backoff.h"

/* A breaker that has never opened is closed, one that is closed has no openings. */
static bool is_sound(const struct breaker *breaker)
{
	return (breaker->state == BREAKER_CLOSED) == (breaker->openings == 0);
}

enum breaker_state breaker_state(struct breaker *breaker, int64_t now_ms)
{
	assert(is_sound(breaker));
	if (breaker->state == BREAKER_OPEN && now_ms >= breaker->open_until_ms)
		breaker->state = BREAKER_HALF_OPEN;
	return breaker->state;
}

void breaker_succeed(struct breaker *breaker)
{
	*breaker = (struct breaker){.state = BREAKER_CLOSED};
}

bool breaker_fail(struct breaker *breaker, const struct breaker_options *options, int64_t now_ms,
                  uint32_t chance)
{
	assert(options->failures > 0 && is_sound(breaker));
	breaker->failures++;
	/* A call that began before it opened tells nothing new. */
	if (breaker->state == BREAKER_OPEN)
		return false;
	if (breaker->state == BREAKER_CLOSED && breaker->failures < options->failures)
		return false;
	breaker->state = BREAKER_OPEN;
	breaker->open_until_ms =
	    now_ms + backoff_ms(breaker->openings, options->first_ms, options->max_ms, chance);
	breaker->openings++;
	assert(breaker->open_until_ms >= now_ms && breaker->failures >= options->failures);
	return true;
}

bool breaker_is_pristine(const struct breaker *breaker)
{
	return breaker->state == BREAKER_CLOSED && breaker->failures == 0;
}
