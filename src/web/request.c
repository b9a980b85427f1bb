/* The lifecycle of a request, from its headers to the end of its fiber. */
#include "web/request.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/list.h"
#include "gen/api.gen.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "net/spans.h"
#include "web/authenticate.h"
#include "web/client_address.h"
#include "web/idempotency.h"
#include "web/limit.h"
#include "web/origin.h"
#include "web/recent.h"
#include "web/refusal.h"
#include "web/reply.h"
#include "web/request_context.h"
#include "web/retry.h"
#include "web/validate.h"

static struct {
	struct web_options options;
	struct routes *routes;
} web;

const struct web_options *web_options(void)
{
	return &web.options;
}

void request_drop_body(struct request *rq)
{
	char bytes[512];
	long count;

	assert(rq->operation != NULL && !rq->replied);
	do {
		count = http_read(rq->http, bytes, sizeof(bytes), rq->task.deadline_ms);
	} while (count > 0);
	if (count < 0)
		task_end(&rq->task, PROBLEM_INVALID, "The request did not come to its end.");
}

const char *request_address(struct request *rq)
{
	char *address = arena_alloc(rq->task.arena, CLIENT_ADDRESS_SIZE);
	const char *forwarded =
	    web.options.behind_proxy ? http_header_last(rq->http, "X-Forwarded-For") : NULL;

	client_address(forwarded, http_peer(rq->http), address);
	return address;
}

const char *request_origin(struct request *rq)
{
	const char *host = http_header(rq->http, "Host"); /* net/framing.c has checked it */
	const char *scheme =
	    web.options.behind_proxy ? http_header_last(rq->http, "X-Forwarded-Proto") : NULL;
	bool is_https = scheme != NULL && strcmp(scheme, "https") == 0;

	return arena_printf(rq->task.arena, "%s://%s", is_https ? "https" : "http",
	                    host != NULL ? host : "localhost");
}

int64_t request_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void measure(unsigned operation, int status, int64_t duration_us)
{
	if (web.options.measured != NULL)
		web.options.measured(operation, status, duration_us);
}

void request_answered(struct request_context *ctx, int status)
{
	char trace[TRACE_ID_TEXT + 1];
	const struct request *rq = &ctx->rq;
	int64_t duration_us = request_now_us() - ctx->started_us;
	const char *log = rq->task.problem.log;

	measure(rq->operation != NULL ? rq->operation->number : (unsigned)OPERATION_COUNT, status,
	        duration_us);
	request_trace(ctx, status);
	LOG_AT(status >= 500 ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "request",
	       log_str("request_id", rq->task.request_id), log_str("method", http_method(rq->http)),
	       log_str("path", http_path(rq->http)), log_str("operation", rq->task.name),
	       log_int("status", status), log_int("duration_us", duration_us),
	       log_int("statements", rq->task.statements),
	       log_int("round_trips", rq->task.round_trips),
	       log_str("problem", status >= 400 ? rq->task.problem.detail : NULL),
	       log_str("cause", log), request_log_trace(ctx, trace));
}

static void request_context_free(struct request_context *ctx)
{
	if (ctx->exchange_open || ctx->fiber_running)
		return;
	assert(ctx->rq.task.key_lock == NULL && !ctx->rq.task.running && !ctx->streaming);
	arena_free(ctx->rq.task.arena);
	arena_free(ctx->full_arena);
	free(ctx);
}

/* A client's request id is accepted when it is well-formed: it goes into logs and headers. */
static void set_request_id(struct request *rq)
{
	const char *given = http_header(rq->http, "X-Request-Id");
	static const char FINE[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = given != NULL ? strlen(given) : 0;

	if (length > 0 && length <= UUID_TEXT_LENGTH && strspn(given, FINE) == length)
		memcpy(rq->task.request_id, given, length + 1);
	else
		uuid_format(uuid_v7(), rq->task.request_id);
}

static void exchange_ended(struct http_owner *owner)
{
	struct request_context *ctx = CONTAINER_OF(owner, struct request_context, owner);

	assert(ctx->exchange_open);
	ctx->exchange_open = false;
	request_context_free(ctx);
}

static struct request_context *request_context_of_exchange(struct http_exchange *ex)
{
	return CONTAINER_OF(http_context(ex), struct request_context, owner);
}

int request_retry_after_s(void)
{
	static unsigned turn;

	return 1 + (int)(turn++ % RETRY_SPREAD_S);
}

static struct request_context *request_context_new(struct http_exchange *ex)
{
	struct request_context *ctx = calloc(1, sizeof(*ctx));

	if (ctx == NULL)
		return NULL;
	ctx->rq.http = ex;
	ctx->rq.task.name = "";
	ctx->rq.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &ctx->rq.task);
	ctx->rq.started_ms = loop_now_ms();
	ctx->started_us = request_now_us();
	ctx->exchange_open = true;
	ctx->origin = origin_of(ex);
	set_request_id(&ctx->rq);
	ctx->trace = spans_trace(http_header(ex, "traceparent"));
	ctx->owner.finished = exchange_ended;
	http_set_context(ex, &ctx->owner);
	return ctx;
}

/* Sends a problem before a fiber runs. */
static enum http_body refuse(struct request_context *ctx, const struct problem_code *code,
                             const char *detail)
{
	assert(!ctx->fiber_running && co_self() == NULL);
	ctx->rq.task.problem = (struct problem){.code = code, .detail = detail};
	reply_problem(&ctx->rq, &ctx->rq.task.problem);
	return HTTP_BODY_REFUSE;
}

static enum http_body refuse_route(struct request_context *ctx, enum route_result result)
{
	struct request *rq = &ctx->rq;

	switch (result) {
	case ROUTE_OPTIONS:
		reply_header(rq, "Allow", route_allow(rq->task.arena, ctx->match.allowed));
		reply_empty(rq);
		return HTTP_BODY_REFUSE;
	case ROUTE_NO_METHOD:
		reply_header(rq, "Allow", route_allow(rq->task.arena, ctx->match.allowed));
		return refuse(ctx, PROBLEM_METHOD, "This path does not support this method.");
	case ROUTE_MALFORMED:
		return refuse(ctx, PROBLEM_INVALID, "The path is not percent-encoded UTF-8.");
	case ROUTE_NO_PATH:
	case ROUTE_FOUND:
		break;
	}
	return refuse(ctx, PROBLEM_NOT_FOUND, "No resource at this path.");
}

/* Answers a preflight for any path: the page can read errors of the path in the reply to the actual
 * request. */
static enum http_body allow(struct request_context *ctx)
{
	ctx->rq.task.name = "preflight";
	for (size_t i = 0; i < ORIGIN_PREFLIGHT_HEADERS; i++)
		reply_header(&ctx->rq, ORIGIN_PREFLIGHT[i].name, ORIGIN_PREFLIGHT[i].value);
	reply_empty(&ctx->rq);
	return HTTP_BODY_REFUSE;
}

static enum http_body begin(void *arg, struct http_exchange *ex, size_t *body_bytes_max)
{
	unsigned operation;
	int status;

	(void)arg;
	if (cache_answer(ex, &operation, &status)) {
		measure(operation, status, 0);
		return HTTP_BODY_REFUSE;
	}
	struct request_context *ctx = request_context_new(ex);

	if (ctx == NULL) {
		refusal_overloaded(ex, 0);
		return HTTP_BODY_REFUSE;
	}
	struct request *rq = &ctx->rq;

	if (origin_asks_first(ex, ctx->origin))
		return allow(ctx);
	if (strlen(http_path(ex)) + strlen(http_query(ex)) > LIMIT_URL_BYTES)
		return refuse(ctx, PROBLEM_URI_TOO_LONG, "The URI is too long.");
	enum route_result result =
	    route_find(web.routes, rq->task.arena, http_method(ex), http_path(ex), &ctx->match);

	if (result != ROUTE_FOUND)
		return refuse_route(ctx, result);
	rq->operation = ctx->match.operation;
	assert(rq->operation != NULL && rq->operation->number < OPERATION_COUNT);
	rq->task.name = rq->operation->id;
	if (rq->operation->cached)
		ctx->cache = cache_ticket(ctx->origin);
	*body_bytes_max = rq->operation->body_bytes_max;
	return rq->operation->body == BODY_STREAM ? HTTP_BODY_STREAM : HTTP_BODY_BUFFER;
}

static void run(struct task *task)
{
	struct request *rq = (struct request *)(void *)task;
	struct request_context *ctx = request_context_of(rq);

	assert(rq->operation != NULL && !rq->replied);
	authenticate(rq, &ctx->match);
	limit(rq);
	const void *in = validate(rq, &ctx->match);

	if (idempotency_begin(rq))
		return;
	recent_require(rq);
	retry_remember(rq, in);
	retry_call(task);
}

/* A failure has none of the headers that the handler had set for its success, such as a cookie:
 * what they tell of was rolled back. */
static void drop_headers(struct request_context *ctx)
{
	static const char *const OF_FAILURES[] = {"RateLimit-Policy", "RateLimit",
	                                          "WWW-Authenticate", "Vary", "Content-Range"};
	size_t kept = 0;

	assert(!ctx->rq.replied);
	for (size_t i = 0; i < ctx->header_count; i++) {
		bool is_kept = false;

		for (size_t j = 0; j < sizeof(OF_FAILURES) / sizeof(OF_FAILURES[0]); j++)
			is_kept |= strcmp(ctx->headers[i].name, OF_FAILURES[j]) == 0;
		if (is_kept)
			ctx->headers[kept++] = ctx->headers[i];
	}
	ctx->header_count = kept;
}

static void finish_badly(struct request *rq)
{
	struct request_context *ctx = request_context_of(rq);
	char trace[TRACE_ID_TEXT + 1];

	assert(rq->task.problem.code != PROBLEM_NONE);
	/* When the handler ended because its arena was full, the problem needs a new arena. */
	if (arena_used(rq->task.arena) > LIMIT_REQUEST_ARENA_BYTES / 2) {
		ctx->full_arena = rq->task.arena;
		rq->task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &rq->task);
	}
	idempotency_settle(rq);

	/* Only this answer reveals anything about the password. */
	if (rq->task.problem.code != PROBLEM_BAD_CREDENTIALS)
		limit_refund_guesses(rq);
	if (!rq->replied) {
		drop_headers(ctx);
		reply_problem(rq, &rq->task.problem);
	} else if (ctx->streaming) { /* too late for a problem: reset the connection */
		LOG_WARNING("stream aborted", log_str("request_id", rq->task.request_id),
		            log_str("operation", rq->task.name),
		            log_str("problem", rq->task.problem.detail),
		            log_str("cause", rq->task.problem.log), request_log_trace(ctx, trace));
		reply_stream_abort(rq);
	}
}

static void fiber(void *arg)
{
	struct request_context *ctx = arg;

	spans_work_for(&ctx->trace);
	bool done = task_run(&ctx->rq.task, run);

	while (!done && retry_wait(&ctx->rq))
		done = task_run(&ctx->rq.task, retry_call);
	if (!done)
		finish_badly(&ctx->rq);
	assert(ctx->rq.replied && !co_has_scarce()); /* its transactions are closed */
	idempotency_end(&ctx->rq);
	spans_work_for(NULL);
	ctx->fiber_running = false;
	request_context_free(ctx);
}

static void refuse_overloaded(struct request_context *ctx)
{
	ctx->rq.replied = true;
	measure(ctx->rq.operation->number, 503, 0);
	refusal_overloaded(ctx->rq.http, ctx->origin);
}

static void complete(void *arg, struct http_exchange *ex)
{
	struct request_context *ctx = request_context_of_exchange(ex);
	bool streams = ctx->rq.operation->body == BODY_STREAM;

	(void)arg;
	assert(!ctx->fiber_running && !ctx->rq.replied);
	ctx->rq.task.deadline_ms =
	    loop_now_ms() + (streams ? LIMIT_STREAM_MS : web.options.request_ms);
	ctx->fiber_running = true;
	if (co_start(fiber, ctx) != 0) {
		ctx->fiber_running = false;
		refuse_overloaded(ctx);
	}
}

static void too_large(void *arg, struct http_exchange *ex)
{
	struct request_context *ctx = request_context_of_exchange(ex);

	(void)arg;
	refuse(ctx, PROBLEM_TOO_LARGE, "The body is larger than this operation accepts.");
}

static void full(void *arg, struct http_exchange *ex)
{
	(void)arg;
	refuse_overloaded(request_context_of_exchange(ex));
}

static void unreadable(void *arg, int status, const char *why, struct http_answer *ret)
{
	(void)arg;
	measure((unsigned)OPERATION_COUNT, status, 0);
	refusal_unreadable(status, why, ret);
}

static void finished(void *arg, struct http_exchange *ex)
{
	struct http_owner *owner = http_context(ex);

	(void)arg;
	if (owner != NULL)
		owner->finished(owner);
}

static void left(void *arg, struct http_exchange *ex)
{
	struct http_owner *owner = http_context(ex);

	(void)arg;
	if (owner != NULL && owner->left != NULL)
		owner->left(owner);
}

int web_start(const struct web_options *options, struct http_handlers *ret)
{
	for (size_t i = 0; i < OPERATION_COUNT; i++) {
		if (OPERATIONS[i].limit != NULL && !limit_rule_exists(OPERATIONS[i].limit)) {
			LOG_ERROR("unknown rate rule", log_str("operation", OPERATIONS[i].id),
			          log_str("rule", OPERATIONS[i].limit));
			return -ENOENT;
		}
	}
	assert(web.routes == NULL && options->request_ms > 0);
	web.options = *options;
	web.routes = routes_new(OPERATIONS, OPERATION_COUNT);
	origins_set(options->origins);
	limit_start();
	cache_start(options->cache);
	*ret = (struct http_handlers){.begin = begin,
	                              .complete = complete,
	                              .too_large = too_large,
	                              .full = full,
	                              .finished = finished,
	                              .left = left,
	                              .unreadable = unreadable};
	return 0;
}

void web_stop(void)
{
	cache_stop();
	routes_free(web.routes);
	web.routes = NULL;
}
