/* The part of the metrics that is about push messages. */
#include <assert.h>

#include "node/metrics_segment.h"
#include "shop/push/push.h"

void metrics_fill_push(uint64_t pushes[METRICS_PUSHES])
{
	struct push_count count;
	size_t i;

	for (i = 0; push_count(i, &count); i++) {
		assert(i < METRICS_PUSHES);
		pushes[i] = count.count;
	}
	assert(i == METRICS_PUSHES);
}

void metrics_write_push(struct buf *out, const struct metrics_segment *all)
{
	static const char NAME[] = "sebez_push_messages_total";
	struct push_count named; /* whose count is of this process, which sends none */

	metrics_write_head(
	    out, NAME, "counter",
	    "Attempts to send push messages, by provider and by what became of them.");
	for (size_t i = 0; i < METRICS_PUSHES && push_count(i, &named); i++) {
		uint64_t sum = 0;

		for (unsigned slot = 0; slot < all->count; slot++)
			sum += all->slots[slot].gauges.pushes[i];
		buf_printf(out, "%s{provider=\"%s\",outcome=\"%s\"} %llu\n", NAME, named.provider,
		           named.outcome, (unsigned long long)sum);
	}
}
