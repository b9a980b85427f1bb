/*
 * trace: the identity of a piece of work that several programs do parts of, called spans, as the
 * header `traceparent` carries it (W3C Trace Context): 00-TRACE-SPAN-FLAGS in hexadecimal digits.
 */
#ifndef SEBEZ_BASE_TRACE_H
#define SEBEZ_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRACE_ID_BYTES = 16,
	TRACE_SPAN_BYTES = 8,
	TRACE_ID_TEXT = 2 * TRACE_ID_BYTES,
	TRACE_PARENT_TEXT = 3 + TRACE_ID_TEXT + 1 + 2 * TRACE_SPAN_BYTES + 3,
};

/* All zeros: work without a trace. */
struct trace {
	uint8_t id[TRACE_ID_BYTES];
	uint8_t span[TRACE_SPAN_BYTES];   /* this part */
	uint8_t parent[TRACE_SPAN_BYTES]; /* the part that it belongs to; zeros: none */
	bool known;
	bool sampled; /* its spans are to be recorded */
};

/* A span of the trace that the header of a caller names. False, and *ret zeroed, when the header is
 * NULL or malformed: then it counts as absent. */
bool trace_parse(const char *traceparent, struct trace *ret);
struct trace trace_begin(void);                     /* a new one, sampled */
struct trace trace_part(const struct trace *trace); /* a new span, whose parent it is */
void trace_format_id(const struct trace *trace, char ret[TRACE_ID_TEXT + 1]);
void trace_format(const struct trace *trace, char ret[TRACE_PARENT_TEXT + 1]); /* for the header */

#endif
