/*
 * spans: the traced work of this process. A fiber works for one trace (spans_work_for); what it
 * does meanwhile, here and in the layers above, is recorded as finished spans, which wait in a
 * ring for node/traces.c, which sends them away.
 */
#ifndef SEBEZ_NET_SPANS_H
#define SEBEZ_NET_SPANS_H

#include "base/limits.h"
#include "base/trace.h"

/* The numbers of OpenTelemetry. */
enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 };

struct span {
	struct trace trace;
	enum span_kind kind;
	const char *name;   /* lives as long as the process */
	const char *method; /* of HTTP, so too; NULL: it is no request */
	const char *system; /* of a database, so too; NULL: it asks none */
	const char *error;  /* so too; NULL when it succeeded */
	int status;         /* of HTTP; 0: none */
	int64_t begin_us;   /* wall clock; 0: now less its duration */
	int64_t duration_us;
	char detail[LIMIT_SPAN_DETAIL_BYTES]; /* the host called, or the statements */
};

/* Once per process: spans are wanted, and one of so many percent of what comes without a trace. */
void spans_start(unsigned percent);

/*
 * spans_trace: the trace that work belongs to: its caller's (`traceparent`, may be NULL), or one
 * that begins here when chance wants it. At most LIMIT_TRACES_PER_SECOND are recorded, whatever
 * callers ask for.
 */
struct trace spans_trace(const char *traceparent);

/* What the running fiber works for; it outlives the work. NULL ends it. */
void spans_work_for(const struct trace *trace);
/* Begins a part of it: false, and *ret zeroed, when there is no trace. */
bool spans_part(struct trace *ret);

/* Copies it, when its trace is sampled and there is room. */
void spans_add(const struct span *span);

/* The same word for as long as the process lives; "HTTP" for an unusual one. */
const char *spans_method(const char *method);

size_t spans_count(void);
const struct span *spans_at(size_t index); /* the oldest first */
void spans_drop(size_t count);             /* of the oldest */
void spans_lose(size_t count);             /* the same, of those that nobody has taken */
uint64_t spans_lost(void);                 /* those, and for which there was no room, ever */

#endif
