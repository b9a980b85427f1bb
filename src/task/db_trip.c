#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/spans.h"
#include "task/db_internal.h"

void db_trip_begin(struct db_trip *ret)
{
	bool traced = spans_part(&ret->trace);

	ret->begin_us = traced ? clock_monotonic_us() : 0;
}

/* Names of the statements, with commas between; what does not fit is left out. */
static void list(const struct pg_batch *batch, char *ret, size_t size)
{
	size_t length = 0;

	for (int i = 0; i < batch->count; i++) {
		const char *comma = length > 0 ? ", " : "";
		const char *name = batch->items[i]->statement->name;

		if (length + strlen(comma) + strlen(name) >= size)
			break;
		length += (size_t)snprintf(ret + length, size - length, "%s%s", comma, name);
	}
	assert(length < size);
}

void db_trip_end(const struct db_trip *trip, enum pg_role role, const struct pg_batch *batch,
                 int result)
{
	assert(batch->count > 0);
	if (!trip->trace.sampled)
		return;
	struct span span = {.trace = trip->trace,
	                    .kind = SPAN_CLIENT,
	                    .name = PG_ROLE_NAMES[role],
	                    .system = "postgresql",
	                    .duration_us = clock_monotonic_us() - trip->begin_us};

	list(batch, span.detail, sizeof(span.detail));
	if (result < 0)
		span.error = result == -EBADMSG ? "refused" : "unavailable";
	spans_add(&span);
}
