/*
 * request_context: a request with the state that only web/ needs. Private to web/.
 *
 * It has two owners: the exchange, until `finished`, and the fiber, until it returns. The last one
 * frees it with its arena, so it outlives both a disconnect and a slow handler.
 */
#ifndef SEBEZ_WEB_REQUEST_CONTEXT_H
#define SEBEZ_WEB_REQUEST_CONTEXT_H

#include "base/limits.h"
#include "base/log.h"
#include "base/trace.h"
#include "web/cache.h"
#include "web/park.h"
#include "web/request.h"
#include "web/retry.h"
#include "web/route.h"
#include "web/web.h"

enum {
	REQUEST_REPLY_HEADERS_MAX = 20,
	RETRY_SPREAD_S = 5, /* clients refused together retry at different times */
};

struct request_context {
	struct request rq; /* first, so that a request can be cast to its context */
	struct http_owner owner;
	struct route_match match;
	struct cache_ticket cache;
	struct trace trace; /* that the request is a part of; all zeros: none */
	unsigned origin;    /* origin of the calling page (web/origin.h) */
	struct http_header headers[REQUEST_REPLY_HEADERS_MAX]; /* of the coming reply */
	size_t header_count;
	const char *guesses[LIMIT_GUESSES]; /* keys counted by limit_guess, in an arena */
	size_t guess_count;
	struct retry retry;
	struct arena
	    *full_arena;    /* NULL, or the request's first arena, replaced when it was full */
	int64_t started_us; /* monotonic */
	bool exchange_open;
	bool fiber_running;
	bool streaming; /* the reply goes out in pieces */
};

_Static_assert(offsetof(struct request_context, rq) == 0 && offsetof(struct request, task) == 0,
               "a task is cast to its request, and that to its context");

static inline struct request_context *request_context_of(struct request *rq)
{
	return (struct request_context *)(void *)rq;
}

const struct web_options *web_options(void);
int64_t request_now_us(void);
int request_retry_after_s(void); /* 1 to RETRY_SPREAD_S, round robin */

/* Records status and duration of the reply: metrics, the access log, the trace. */
void request_answered(struct request_context *ctx, int status);
/* Its part of the trace, when it is answered or parked. */
void request_trace(const struct request_context *ctx, int status);
/* Of log lines; without a trace it ends them, so it is the last field. */
struct log_field request_log_trace(const struct request_context *ctx, char id[TRACE_ID_TEXT + 1]);

#endif
