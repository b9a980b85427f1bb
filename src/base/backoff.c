#include "base/backoff.h"

#include <assert.h>

enum { DOUBLINGS_MAX = 20 };

int64_t backoff_ms(unsigned failures, int64_t first_ms, int64_t max_ms, uint32_t chance)
{
	assert(first_ms > 0 && first_ms <= max_ms);
	assert(max_ms <= INT64_MAX >> DOUBLINGS_MAX); /* so the shift does not overflow */

	int64_t delay_ms = first_ms << (failures < DOUBLINGS_MAX ? failures : DOUBLINGS_MAX);

	if (delay_ms > max_ms)
		delay_ms = max_ms;
	return delay_ms / 2 + chance % (delay_ms / 2 + 1);
}
