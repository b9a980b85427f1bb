#include "base/breaker.h"

#include <assert.h>

#include "base/backoff.h"

enum breaker_state breaker_state(struct breaker *breaker, int64_t now_ms)
{
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
	assert(options->failures > 0 && options->first_ms > 0);
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
	return true;
}

bool breaker_is_pristine(const struct breaker *breaker)
{
	return breaker->state == BREAKER_CLOSED && breaker->failures == 0;
}
