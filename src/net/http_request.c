#include "net/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"

/* The target without scheme and host, which proxies may send and servers must accept. */
static const char *origin_form(const char *target)
{
	size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
	                : strncasecmp(target, "https://", 8) == 0 ? 8
	                                                          : 0;

	return scheme == 0 ? target : target + scheme + strcspn(target + scheme, "/?");
}

/* The target is copied, because libmicrohttpd modifies its own. */
void *http_on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	size_t length = strlen(target);
	struct http_exchange *ex =
	    calloc(1, sizeof(*ex) + length + 2); /* a slash and the final 0 */

	if (ex == NULL)
		return NULL;
	ex->server = arg;
	ex->connection = connection;
	ex->fd = -1;
	const char *path = origin_form(target);
	bool has_slash = path == target || *path == '/';
	(void)stpcpy(stpcpy(ex->path, has_slash ? "" : "/"), path);
	char *question = strchr(ex->path, '?');
	ex->query = ex->path + strlen(ex->path);
	if (question != NULL) {
		*question = '\0';
		ex->query = question + 1;
	}
	return http_intake_own(connection, ex) ? ex : NULL;
}

struct body {
	bool is_there;
	bool expects_continue;
	uint64_t length; /* UINT64_MAX when chunked */
};

/* The intake has checked that these headers are valid and not repeated. */
static struct body announced(const struct http_exchange *ex)
{
	const char *length = http_header(ex, "Content-Length");
	const char *expect = http_header(ex, "Expect");
	struct body body = {.expects_continue =
	                        expect != NULL && strcasecmp(expect, "100-continue") == 0};

	if (http_header(ex, "Transfer-Encoding") != NULL)
		body.length = UINT64_MAX;
	else if (length != NULL)
		body.length = strtoull(length, NULL, 10);
	body.is_there = body.length > 0;
	return body;
}

static void complete(struct http_exchange *ex)
{
	struct http_server *server = ex->server;

	server->handlers.complete(server->handlers.arg, ex);
}

/* The share of a body in the sum of all: small ones are free. */
static size_t counted(size_t capacity)
{
	return capacity > LIMIT_SMALL_BODY_BYTES + 1 ? capacity : 0;
}

void http_drop_body(struct http_exchange *ex)
{
	assert(ex->server->body_bytes >= counted(ex->body_capacity));
	ex->server->body_bytes -= counted(ex->body_capacity);
	free(ex->body);
	ex->body = NULL;
	ex->body_length = 0;
	ex->body_capacity = 0;
}

static void refuse_body(struct http_exchange *ex,
                        void (*reply)(void *arg, struct http_exchange *ex))
{
	assert(!ex->replied);
	http_drop_body(ex);
	reply(ex->server->handlers.arg, ex);
	assert(ex->replied);
}

/* For a reply before the end of the body: most clients read it only after sending the whole body,
 * and would miss it if the connection were closed. So a body of reasonable size is discarded first.
 * */
static enum exchange_stage stage_after_refusal(struct http_exchange *ex, const struct body *body)
{
	bool is_small = body->length <= LIMIT_BODY_DISCARD_BYTES || body->length == UINT64_MAX;

	if (!body->is_there)
		return STAGE_WORK;
	if (is_small && !body->expects_continue)
		return STAGE_DISCARD;
	ex->close = true; /* sent at once; the body is not read */
	return STAGE_WORK;
}

static void take_headers(struct http_exchange *ex, const char *method, const char *version)
{
	struct http_server *server = ex->server;

	assert(ex->stage == STAGE_HEADERS && !ex->replied);
	http_link(ex);
	http_intake_head(ex);
	if (strlen(method) < sizeof(ex->method))
		memcpy(ex->method, method, strlen(method) + 1);
	struct body body = announced(ex);
	ex->is_plain = !body.is_there && strcmp(method, "GET") == 0 && version != NULL &&
	               strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
	ex->stage = STAGE_BUFFER;
	ex->body_deadline_ms = loop_now_ms() + LIMIT_BODY_MS;
	switch (server->handlers.begin(server->handlers.arg, ex, &ex->body_max)) {
	case HTTP_BODY_REFUSE:
		assert(ex->replied);
		ex->stage = stage_after_refusal(ex, &body);
		return;
	case HTTP_BODY_BUFFER:
		assert(!ex->replied);
		if (body.is_there && body.length != UINT64_MAX && body.length > ex->body_max) {
			refuse_body(ex, server->handlers.too_large);
			ex->stage = stage_after_refusal(ex, &body);
		} else if (!body.is_there) {
			ex->stage = STAGE_WORK;
			complete(ex);
		}
		return;
	case HTTP_BODY_STREAM:
		assert(!ex->replied);
		ex->stage = body.is_there ? STAGE_STREAM : STAGE_WORK;
		complete(ex);
		if (ex->replied)
			ex->stage = stage_after_refusal(ex, &body);
		return;
	}
}

/* Returns 0, -ENOMEM, or -ENOBUFS when the sum of all bodies would be too large. */
static int make_room(struct http_exchange *ex, size_t count)
{
	struct http_server *server = ex->server;
	size_t capacity = ex->body_capacity == 0 ? 1024 : ex->body_capacity * 2;

	assert(ex->body_length + count <= ex->body_max);
	if (ex->body_length + count < ex->body_capacity)
		return 0;
	while (capacity <= ex->body_length + count)
		capacity *= 2;
	if (capacity > ex->body_max + 1)
		capacity = ex->body_max + 1;
	size_t others = server->body_bytes - counted(ex->body_capacity);
	if (counted(capacity) > 0 && others + capacity > LIMIT_BODIES_BYTES)
		return -ENOBUFS;
	char *body = realloc(ex->body, capacity);
	if (body == NULL)
		return -ENOMEM;
	ex->body = body;
	ex->body_capacity = capacity;
	server->body_bytes = others + counted(capacity);
	assert(ex->body_length + count < ex->body_capacity);
	return 0;
}

static enum MHD_Result take_buffered(struct http_exchange *ex, const char *bytes, size_t *count)
{
	const struct http_handlers *handlers = &ex->server->handlers;
	int r = 0;

	assert(ex->body_length <= ex->body_max);
	if (loop_now_ms() > ex->body_deadline_ms)
		return MHD_NO;
	if (*count > ex->body_max - ex->body_length) {
		refuse_body(ex, handlers->too_large);
		ex->stage = STAGE_DISCARD;
	} else if ((r = make_room(ex, *count)) == -ENOBUFS) {
		refuse_body(ex, handlers->full);
		ex->stage = STAGE_DISCARD;
	} else if (r == 0) {
		memcpy(ex->body + ex->body_length, bytes, *count);
		ex->body_length += *count;
		ex->body[ex->body_length] = '\0';
	}
	*count = 0;
	return r == -ENOMEM ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_body(struct http_exchange *ex, const char *bytes, size_t *count)
{
	if (ex->stage == STAGE_STREAM && ex->replied) {
		ex->stage = STAGE_DISCARD;
		ex->body_deadline_ms = loop_now_ms() + LIMIT_BODY_MS;
	}
	switch (ex->stage) {
	case STAGE_BUFFER:
		return take_buffered(ex, bytes, count);
	case STAGE_STREAM:
		*count -= http_give_reader(ex, bytes, *count);
		if (*count > 0)
			http_suspend(ex); /* until the rest is requested */
		return MHD_YES;
	default:
		ex->discarded += *count;
		*count = 0;
		if (ex->discarded > LIMIT_BODY_DISCARD_BYTES ||
		    loop_now_ms() > ex->body_deadline_ms)
			return MHD_NO;
		return MHD_YES;
	}
}

static void take_end(struct http_exchange *ex)
{
	enum exchange_stage stage = ex->stage;

	ex->stage = STAGE_WORK;
	if (stage == STAGE_BUFFER)
		complete(ex);
	else if (stage == STAGE_STREAM)
		http_end_reader(ex, 0);
}

enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request)
{
	(void)arg;
	(void)connection;
	(void)url;
	struct http_exchange *ex = *request;
	enum MHD_Result result = MHD_YES;

	if (ex == NULL)
		return MHD_NO;
	bool is_first = ex->stage == STAGE_HEADERS;
	assert(!ex->in_handler && !ex->suspended && ex->connection == connection);
	ex->in_handler = true;
	if (is_first)
		take_headers(ex, method, version);
	else if (*upload_size > 0)
		result = take_body(ex, upload, upload_size);
	else
		take_end(ex);
	ex->in_handler = false;
	if (result == MHD_NO || ex->stage != STAGE_WORK)
		return result;
	/* A reply in the first call closes the connection; the last call follows at once. */
	if (is_first && !ex->close)
		return MHD_YES;
	if (ex->fd >= 0)
		return MHD_NO; /* set aside: libmicrohttpd's connection ends, the socket stays open
		                */
	if (ex->replied)
		return http_queue(ex);
	http_suspend(ex);
	return MHD_YES;
}

void http_on_completed(void *arg, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode how)
{
	(void)how;
	struct http_exchange *ex = *request;

	http_intake_next(arg, connection);
	*request = NULL;
	/* The intake owns an exchange whose headers never completed. */
	if (ex == NULL || ex->stage == STAGE_HEADERS)
		return;
	ex->connection = NULL;
	ex->suspended = false;
	if (ex->fd >= 0) {
		http_leave(ex);
		return;
	}
	/* The body never completed: reply here. */
	if (ex->stage == STAGE_BUFFER || ex->unattended)
		ex->answered = true;
	http_end_reader(ex, -ECONNRESET);
	http_end_writer(ex);
	if (ex->answered)
		http_exchange_end(ex);
}
