#include "net/spans.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/co.h"

static struct {
	struct span *ring; /* NULL: nobody wants spans */
	size_t first, count;
	unsigned percent;
	uint64_t lost;
	int64_t second;
	unsigned of_second; /* traces that are recorded in it */
} all;

void spans_start(unsigned percent)
{
	assert(all.ring == NULL && percent <= 100);
	all.ring = calloc(LIMIT_SPANS, sizeof(*all.ring));
	all.percent = percent;
}

static bool has_room(void)
{
	int64_t second = clock_monotonic_ms() / 1000;

	if (second != all.second) {
		all.second = second;
		all.of_second = 0;
	}
	return all.of_second < LIMIT_TRACES_PER_SECOND;
}

struct trace spans_trace(const char *traceparent)
{
	struct trace trace = {0};

	if (!trace_parse(traceparent, &trace) && all.percent > 0 &&
	    randombytes_uniform(100) < all.percent && has_room())
		trace = trace_begin();
	trace.sampled = trace.sampled && all.ring != NULL && has_room();
	if (trace.sampled)
		all.of_second++;
	return trace;
}

void spans_work_for(const struct trace *trace)
{
	assert(trace == NULL || co_cause() == NULL); /* one at a time */
	co_set_cause(trace != NULL && trace->known ? trace : NULL);
}

bool spans_part(struct trace *ret)
{
	const struct trace *trace = co_cause();

	*ret = trace != NULL ? trace_part(trace) : (struct trace){0};
	return trace != NULL;
}

void spans_add(const struct span *span)
{
	struct span *slot;

	assert(span->name != NULL && span->duration_us >= 0);
	if (!span->trace.sampled)
		return;
	assert(all.ring != NULL);
	if (all.count == LIMIT_SPANS) {
		all.lost++;
		return;
	}
	slot = &all.ring[(all.first + all.count++) % LIMIT_SPANS];
	*slot = *span;
	if (slot->begin_us == 0)
		slot->begin_us = clock_now_us() - span->duration_us;
}

const char *spans_method(const char *method)
{
	static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};

	for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
		if (strcmp(method, METHODS[i]) == 0)
			return METHODS[i];
	return "HTTP";
}

size_t spans_count(void)
{
	return all.count;
}

const struct span *spans_at(size_t index)
{
	assert(index < all.count);
	return &all.ring[(all.first + index) % LIMIT_SPANS];
}

void spans_drop(size_t count)
{
	assert(count <= all.count);
	all.first = (all.first + count) % LIMIT_SPANS;
	all.count -= count;
}

void spans_lose(size_t count)
{
	spans_drop(count);
	all.lost += count;
}

uint64_t spans_lost(void)
{
	return all.lost;
}
