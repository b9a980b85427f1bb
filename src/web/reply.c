#include "web/reply.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/limits.h"
#include "web/accept.h"
#include "web/etag.h"
#include "web/idempotency.h"
#include "web/origin.h"
#include "web/range.h"
#include "web/request_context.h"

static const char JSON_TYPE[] = "application/json";
static const char SHARED[] = "public, max-age=0, must-revalidate";

void reply_header(struct request *rq, const char *name, const char *value)
{
	struct request_context *ctx = request_context_of(rq);
	size_t at = 0;

	while (at < ctx->header_count && strcasecmp(ctx->headers[at].name, name) != 0)
		at++;
	assert(at < REQUEST_REPLY_HEADERS_MAX);
	ctx->headers[at].name = arena_strdup(rq->task.arena, name);
	ctx->headers[at].value = arena_strdup(rq->task.arena, value);
	if (at == ctx->header_count)
		ctx->header_count++;
}

void reply_varies(struct request *rq, const char *header)
{
	struct request_context *ctx = request_context_of(rq);
	const char *known = NULL;

	for (size_t i = 0; i < ctx->header_count; i++) {
		if (strcasecmp(ctx->headers[i].name, "Vary") == 0)
			known = ctx->headers[i].value;
	}
	if (known == NULL)
		reply_header(rq, "Vary", header);
	else if (!accept_names(known, header))
		reply_header(rq, "Vary", arena_printf(rq->task.arena, "%s, %s", known, header));
}

static bool is_read(const struct request *rq)
{
	const char *method = http_method(rq->http);

	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* Replies of operations that ignore credentials may be cached by anyone; others only by the client.
 * */
static bool is_shared(const struct request *rq)
{
	return rq->operation != NULL && rq->operation->may_call == MAY_PUBLIC && is_read(rq);
}

static void common_headers(struct request *rq, int status, const char *media_type)
{
	bool has_control = false;
	struct request_context *ctx = request_context_of(rq);

	for (size_t i = 0; i < ctx->header_count; i++)
		has_control |= strcasecmp(ctx->headers[i].name, "Cache-Control") == 0;
	if (!has_control)
		reply_header(rq, "Cache-Control",
		             is_shared(rq) && status < 400 ? SHARED : "no-store");
	if (media_type != NULL)
		reply_header(rq, "Content-Type", media_type);
	reply_header(rq, "X-Content-Type-Options", "nosniff");
	struct http_header of_origin[ORIGIN_HEADERS];
	size_t count = origin_headers(ctx->origin, of_origin);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(of_origin[i].name, "Vary") == 0)
			reply_varies(rq, of_origin[i].value);
		else
			reply_header(rq, of_origin[i].name, of_origin[i].value);
	}
}

void reply_send(struct request *rq, int status, const char *media_type, const void *bytes,
                size_t length)
{
	struct request_context *ctx = request_context_of(rq);

	assert(!rq->replied && status >= 200 && status < 600);
	assert(status >= 300 || rq->idempotency == NULL || rq->idempotency->kept);
	assert(bytes != NULL || length == 0);
	common_headers(rq, status, media_type);
	reply_header(rq, "X-Request-Id", rq->task.request_id);
	rq->replied = true;
	rq->status = status;
	request_answered(ctx, status);
	http_reply(rq->http, status, ctx->header_count, ctx->headers, bytes, length);
}

static void send_file(struct request *rq, int status, const char *media_type, int fd,
                      int64_t offset, int64_t length)
{
	struct request_context *ctx = request_context_of(rq);

	assert(!rq->replied && rq->idempotency == NULL);
	common_headers(rq, status, media_type);
	reply_header(rq, "X-Request-Id", rq->task.request_id);
	rq->replied = true;
	rq->status = status;
	request_answered(ctx, status);
	http_reply_file(rq->http, status, ctx->header_count, ctx->headers, fd, offset, length);
}

/* Whether Range counts: If-Range must name what the part would be of. */
static const char *wanted_range(const struct request *rq, const char *etag)
{
	const char *condition = http_header(rq->http, "If-Range");

	if (strcmp(http_method(rq->http), "GET") != 0 ||
	    (condition != NULL && strcmp(condition, etag) != 0))
		return NULL;
	return http_header(rq->http, "Range");
}

void reply_file(struct request *rq, const char *content_type, const char *etag, int fd,
                int64_t bytes)
{
	int64_t first = 0, length = bytes;
	enum range_kind kind = range_parse(wanted_range(rq, etag), bytes, &first, &length);
	bool is_known = etag_is_known(rq->http, etag);

	reply_header(rq, "ETag", etag);
	reply_header(rq, "Accept-Ranges", "bytes");
	if (is_known) {
		send_file(rq, 304, NULL, fd, 0, bytes);
	} else if (kind == RANGE_WHOLE) {
		send_file(rq, 200, content_type, fd, 0, bytes);
	} else if (kind == RANGE_PART) {
		reply_header(rq, "Content-Range",
		             arena_printf(rq->task.arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
		                          first, first + length - 1, bytes));
		send_file(rq, 206, content_type, fd, first, length);
	} else {
		(void)close(fd);
		reply_header(rq, "Cache-Control", "no-store");
		reply_header(rq, "Content-Range",
		             arena_printf(rq->task.arena, "bytes */%" PRId64, bytes));
		task_end(&rq->task, PROBLEM_RANGE, "The file has %" PRId64 " bytes.", bytes);
	}
}

static void keep_in_cache(struct request *rq, const char *media_type, const char *etag,
                          const void *bytes, size_t length)
{
	struct request_context *ctx = request_context_of(rq);

	if (rq->operation->cached && ctx->cache.wanted &&
	    strcmp(http_method(rq->http), "GET") == 0) {
		common_headers(rq, 200, media_type);
		cache_keep(rq->http, ctx->cache, rq->operation->number, ctx->header_count,
		           ctx->headers, etag, bytes, length);
	}
}

/* Sends a successful reply that has a body. */
static void send_good(struct request *rq, int status, const char *media_type, int32_t version,
                      const void *bytes, size_t length)
{
	char etag[ETAG_SIZE];

	if (rq->operation == NULL || (is_read(rq) ? status != 200 : version == 0)) {
		reply_send(rq, status, media_type, bytes, length);
		return;
	}
	etag_make(bytes, length, version, etag);
	reply_header(rq, "ETag", etag);
	if (!is_read(rq)) {
		reply_send(rq, status, media_type, bytes, length);
		return;
	}
	keep_in_cache(rq, media_type, etag, bytes, length);
	if (etag_is_known(rq->http, etag))
		reply_send(rq, 304, NULL, bytes, length);
	else
		reply_send(rq, 200, media_type, bytes, length);
}

static int32_t version_of(const struct rows *rows)
{
	int column = rows_count(rows) > 0 ? rows_find(rows, "_version") : -1;

	return column >= 0 ? (int32_t)rows_int(rows, 0, column) : 0;
}

static struct buf body_of_row(struct request *rq, const struct rows *rows)
{
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Not found.");
	rows_json_object(rows, 0, &json);
	return body;
}

void reply_row(struct request *rq, const struct rows *rows)
{
	struct buf body = body_of_row(rq, rows);

	send_good(rq, 200, JSON_TYPE, version_of(rows), body.data, body.length);
}

static void write_cursor(const struct page *page, const struct rows *rows, size_t last,
                         struct json *json)
{
	int id = rows_find(rows, "_id"), text = rows_find(rows, "_text");
	struct page next = *page;
	char cursor[PAGE_CURSOR_MAX + 1];

	assert(last < rows_count(rows));
	if (text >= 0) {
		next.after_key = 0;
		snprintf(next.after_text, sizeof(next.after_text), "%s",
		         rows_text(rows, last, text));
	} else {
		next.after_key = rows_key(rows, last, rows_column(rows, "_key"));
	}
	next.after_id = rows_uuid(rows, last, id >= 0 ? id : rows_column(rows, "id"));
	page_encode(&next, cursor);
	json_str(json, cursor);
}

static void reply_items(struct request *rq, const struct page *page, const struct rows *rows,
                        const struct rows *more)
{
	size_t count = rows_count(rows);
	size_t most = page != NULL && count > (size_t)page->limit ? (size_t)page->limit : count;
	size_t shown = 0;
	struct buf body = buf_new(rq->task.arena, 8192);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_key(&json, "items");
	json_open_array(&json);
	for (; shown < most && (page == NULL || body.length < LIMIT_PAGE_BYTES); shown++)
		rows_json_object(rows, shown, &json);
	json_close_array(&json);
	json_key(&json, "next_cursor");
	assert(shown <= count && (shown == count || (page != NULL && shown > 0)));
	if (shown < count)
		write_cursor(page, rows, shown - 1, &json);
	else
		json_nil(&json);
	if (more != NULL)
		rows_json_members(more, 0, &json);
	json_close_object(&json);
	send_good(rq, 200, JSON_TYPE, 0, body.data, body.length);
}

void reply_page(struct request *rq, const struct page *page, const struct rows *rows)
{
	reply_items(rq, page, rows, NULL);
}

void reply_page_and(struct request *rq, const struct page *page, const struct rows *rows,
                    const struct rows *more)
{
	assert(more != NULL && rows_count(more) == 1);
	reply_items(rq, page, rows, more);
}

void reply_list(struct request *rq, const struct rows *rows)
{
	reply_items(rq, NULL, rows, NULL);
}

void reply_json(struct request *rq, int status, const struct buf *body)
{
	send_good(rq, status, JSON_TYPE, 0, body->data, body->length);
}

void reply_text(struct request *rq, const char *content_type, const void *bytes, size_t length)
{
	send_good(rq, 200, content_type, 0, bytes, length);
}

void reply_empty(struct request *rq)
{
	reply_send(rq, 204, NULL, "", 0);
}

/* Stores the answer under the request's key, if any, and commits. False when an earlier request
 * with the key was answered: its answer was sent. */
static bool commit(struct request *rq, struct db *tx, int status, const struct buf *body)
{
	const struct pg_error *refusal;

	if (rq->idempotency == NULL) {
		db_finish(tx);
		return true;
	}
	idempotency_keep_last(rq, tx, status, body);
	refusal = db_try_finish(tx);
	if (refusal == NULL)
		return true;
	if (!idempotency_was_answered(rq, refusal))
		db_end_refused(tx, refusal);
	return false;
}

void reply_commit_json(struct request *rq, struct db *tx, int status, const struct buf *body)
{
	if (commit(rq, tx, status, body))
		send_good(rq, status, JSON_TYPE, 0, body->data, body->length);
}

const struct pg_error *reply_try_commit_json(struct request *rq, struct db *batch, int status,
                                             const struct buf *body)
{
	const struct pg_error *refusal;

	if (rq->idempotency != NULL)
		idempotency_keep(rq, batch, status, body);
	refusal = db_try_run(batch);
	if (refusal == NULL)
		send_good(rq, status, JSON_TYPE, 0, body->data, body->length);
	else if (rq->idempotency != NULL && idempotency_was_answered(rq, refusal))
		refusal = NULL;
	return refusal;
}

void reply_commit_row(struct request *rq, struct db *tx, int status, const struct rows *rows)
{
	bool is_committed = false;
	struct buf body;

	if (!rows_are_here(rows) && rq->idempotency != NULL)
		db_hold(tx);
	if (!rows_are_here(rows)) {
		db_finish(tx);
		is_committed = true;
	}
	body = body_of_row(rq, rows);
	if (is_committed || commit(rq, tx, status, &body))
		send_good(rq, status, JSON_TYPE, version_of(rows), body.data, body.length);
}

void reply_commit_empty(struct request *rq, struct db *tx)
{
	if (commit(rq, tx, 204, NULL))
		reply_empty(rq);
}

void reply_stream_begin(struct request *rq, int status, const char *media_type)
{
	struct request_context *ctx = request_context_of(rq);

	assert(!rq->replied);
	common_headers(rq, status, media_type);
	reply_header(rq, "X-Request-Id", rq->task.request_id);
	rq->replied = true;
	rq->status = status;
	ctx->streaming = true;
	http_stream_begin(rq->http, status, ctx->header_count, ctx->headers);
}

void reply_stream_write(struct request *rq, const void *bytes, size_t count)
{
	assert(request_context_of(rq)->streaming);
	if (http_stream_write(rq->http, bytes, count, rq->task.deadline_ms) != 0)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "The client did not read the response.");
}

static void stream_answered(struct request *rq)
{
	struct request_context *ctx = request_context_of(rq);

	assert(ctx->streaming);
	ctx->streaming = false;
	request_answered(ctx, rq->status);
}

void reply_stream_end(struct request *rq)
{
	stream_answered(rq);
	http_stream_end(rq->http);
}

void reply_stream_abort(struct request *rq)
{
	stream_answered(rq);
	http_stream_abort(rq->http);
}
