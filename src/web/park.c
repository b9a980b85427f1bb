#include "web/park.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"
#include "web/origin.h"
#include "web/request_context.h"

static void finished(struct http_owner *owner)
{
	struct parked *parked = CONTAINER_OF(owner, struct parked, owner);

	parked->finished(parked);
}

static void left(struct http_owner *owner)
{
	struct parked *parked = CONTAINER_OF(owner, struct parked, owner);

	assert(parked->left != NULL);
	parked->left(parked);
}

void request_park(struct request *rq, struct parked *parked, void (*done)(struct parked *parked),
                  void (*gone)(struct parked *parked))
{
	struct request_context *ctx = request_context_of(rq);

	assert(!rq->replied && ctx->exchange_open && rq->idempotency == NULL);
	assert(done != NULL);
	*parked = (struct parked){
	    .owner = {.finished = finished, .left = left},
	    .http = rq->http,
	    .finished = done,
	    .left = gone,
	    .operation = rq->operation->number,
	    .origin = ctx->origin,
	};
	memcpy(parked->request_id, rq->task.request_id, sizeof(parked->request_id));
	request_trace(ctx, 200); /* without the time that it will wait */
	http_set_context(rq->http, &parked->owner);
	rq->replied = true;
	rq->status = 200;
	ctx->exchange_open = false; /* the request ends when its fiber returns */
}

void parked_set_aside(struct parked *parked)
{
	assert(http_context(parked->http) == &parked->owner);
	http_set_aside(parked->http);
}

/* The waiting time depends on the client, so it is not measured. */
static void measure(const struct parked *parked)
{
	if (web_options()->measured != NULL)
		web_options()->measured(parked->operation, 200, 0);
}

enum { HEADERS = 4 + ORIGIN_HEADERS };

static size_t headers_of(const struct parked *parked, const char *media_type,
                         struct http_header headers[HEADERS])
{
	headers[0] = (struct http_header){"Content-Type", media_type};
	headers[1] = (struct http_header){"Cache-Control", "no-store"};
	headers[2] = (struct http_header){"X-Content-Type-Options", "nosniff"};
	headers[3] = (struct http_header){"X-Request-Id", parked->request_id};
	return 4 + origin_headers(parked->origin, headers + 4);
}

void parked_reply(struct parked *parked, const void *body, size_t length)
{
	struct http_header headers[HEADERS];
	size_t count = headers_of(parked, "application/json", headers);

	assert(count <= HEADERS && body != NULL);
	measure(parked);
	http_reply(parked->http, 200, count, headers, body, length);
}

void parked_stream_begin(struct parked *parked, const char *media_type)
{
	struct http_header headers[HEADERS + 1];
	size_t count = headers_of(parked, media_type, headers);

	assert(count <= HEADERS);
	/* nginx must not buffer it */
	headers[count++] = (struct http_header){"X-Accel-Buffering", "no"};
	measure(parked);
	http_stream_begin(parked->http, 200, count, headers);
	http_stream_unattend(parked->http);
}

int parked_stream_push(struct parked *parked, const void *bytes, size_t count)
{
	return http_stream_push(parked->http, bytes, count);
}

void parked_stream_end(struct parked *parked)
{
	http_stream_end(parked->http);
}
