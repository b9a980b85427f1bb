/*
 * request_context: a request with what only web/ needs to know of it. Private to web/.
 *
 * Two own it: the exchange, until `finished`, and the fiber, until it returns. The last one frees
 * it with its arena; so neither a lost client nor a slow handler finds it gone.
 */
#ifndef SEBEZ_WEB_REQUEST_CONTEXT_H
#define SEBEZ_WEB_REQUEST_CONTEXT_H

#include "base/limits.h"
#include "web/cache.h"
#include "web/park.h"
#include "web/request.h"
#include "web/retry.h"
#include "web/route.h"
#include "web/web.h"

enum {
	REQUEST_REPLY_HEADERS_MAX = 20,
	RETRY_SPREAD_S = 5, /* those who are refused together are told to come back apart */
};

struct request_context {
	struct request rq; /* first, so that a request can be turned back into its context */
	struct http_owner owner;
	struct route_match match;
	struct cache_ticket cache;
	unsigned origin; /* of the page that calls (web/origin.h) */
	struct http_header headers[REQUEST_REPLY_HEADERS_MAX]; /* of the reply to come */
	size_t header_count;
	const char *guesses[LIMIT_GUESSES]; /* keys that limit_guess has counted, in an arena */
	size_t guess_count;
	struct retry retry;
	struct arena
	    *full_arena;    /* NULL, or the request's first one, given up because it was full */
	int64_t started_us; /* monotonic */
	bool exchange_open;
	bool fiber_running;
	bool streaming; /* the reply goes out in pieces */
};

static inline struct request_context *request_context_of(struct request *rq)
{
	return (struct request_context *)(void *)rq;
}

const struct web_options *web_options(void);
int64_t request_now_us(void);
int request_retry_after_s(void); /* 1 to RETRY_SPREAD_S, in turn */

/* Notes status and duration of what was just answered: metrics and the access log. */
void request_answered(struct request_context *ctx, int status);

#endif
