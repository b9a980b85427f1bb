#include "net/http_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"

size_t http_write_head(int status, size_t header_count, const struct http_header headers[],
                       bool closes, size_t body_length, char ret[HTTP_HEAD_BYTES])
{
	char date[64];
	struct tm tm;
	time_t now = time(NULL);
	size_t at;

	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
	at = (size_t)snprintf(ret, HTTP_HEAD_BYTES, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status,
	                      MHD_get_reason_phrase_for((unsigned)status), date);
	for (size_t i = 0; i < header_count && at < HTTP_HEAD_BYTES; i++)
		if (strpbrk(headers[i].value, "\r\n") == NULL)
			at += (size_t)snprintf(ret + at, HTTP_HEAD_BYTES - at, "%s: %s\r\n",
			                       headers[i].name, headers[i].value);
	if (at < HTTP_HEAD_BYTES)
		at += (size_t)snprintf(ret + at, HTTP_HEAD_BYTES - at,
		                       "%sContent-Length: %zu\r\n\r\n",
		                       closes ? "Connection: close\r\n" : "", body_length);
	return at < HTTP_HEAD_BYTES ? at : 0;
}

struct MHD_Response *http_add_headers(struct MHD_Response *response, size_t header_count,
                                      const struct http_header headers[])
{
	/* libmicrohttpd rejects a header with a line end in it; it is omitted. */
	for (size_t i = 0; response != NULL && i < header_count; i++)
		(void)MHD_add_response_header(response, headers[i].name, headers[i].value);
	return response;
}

/* The handler has completed: `finished` follows when the connection has, too. Never called from
 * here, because the caller still uses what `finished` frees. */
void http_answered(struct http_exchange *ex)
{
	assert(ex->replied && !ex->answered);
	ex->answered = true;
	if (ex->connection == NULL)
		http_end_later(ex);
	else if (!ex->in_handler)
		http_resume(ex);
}

void http_reply(struct http_exchange *ex, int status, size_t header_count,
                const struct http_header headers[], const void *body, size_t body_length)
{
	assert(!ex->replied && (body != NULL || body_length == 0));
	ex->replied = true;
	ex->status = status;
	if (http_is_aside(ex)) {
		http_reply_aside(ex, header_count, headers, body, body_length);
		return;
	}
	http_stay(ex);
	if (ex->connection != NULL) {
		/* Only read, although the type is not const. */
		struct MHD_Response *response = MHD_create_response_from_buffer(
		    body_length, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
		ex->response = http_add_headers(response, header_count, headers);
	}
	http_answered(ex);
}

/* A response with a copy of the bytes, so that they are sent in one call with the headers. NULL
 * when there is no memory, or the file does not have them. */
static struct MHD_Response *copy_file(int fd, int64_t offset, size_t length)
{
	void *bytes = malloc(length);
	struct MHD_Response *response = NULL;

	assert(length > 0);
	if (bytes != NULL && pread(fd, bytes, length, offset) == (ssize_t)length)
		response = MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(bytes);
	return response;
}

/* Takes the descriptor over, unless it returns NULL. */
static struct MHD_Response *file_response(int status, int fd, int64_t offset, int64_t length)
{
	bool is_small = length > 0 && length <= LIMIT_FILE_COPIED_BYTES && status != 304;
	struct MHD_Response *copy = is_small ? copy_file(fd, offset, (size_t)length) : NULL;

	if (copy == NULL)
		return MHD_create_response_from_fd_at_offset64((uint64_t)length, fd,
		                                               (uint64_t)offset);
	(void)close(fd);
	return copy;
}

void http_reply_file(struct http_exchange *ex, int status, size_t header_count,
                     const struct http_header headers[], int fd, int64_t offset, int64_t length)
{
	assert(!ex->replied && ex->fd < 0 && fd >= 0 && offset >= 0 && length >= 0);
	ex->replied = true;
	ex->status = status;
	if (ex->connection != NULL) {
		ex->response = file_response(status, fd, offset, length);
		(void)http_add_headers(ex->response, header_count, headers);
	}
	if (ex->response == NULL)
		(void)close(fd);
	http_answered(ex);
}

static void prepared_unref(struct http_prepared *prepared)
{
	assert(prepared->references > 0);
	prepared->references--;
	if (prepared->references > 0)
		return;
	MHD_destroy_response(prepared->response);
	free(prepared);
}

void http_reply_prepared(struct http_exchange *ex, struct http_prepared *prepared)
{
	assert(prepared->references > 0 && ex->prepared == NULL && ex->response == NULL);
	assert(!ex->replied && ex->fd < 0);
	ex->replied = true;
	ex->status = prepared->status;
	ex->prepared = prepared;
	prepared->references++;
	http_answered(ex);
}

/* For a 304, whose body is never sent: libmicrohttpd asks only for its length. */
static ssize_t no_bytes(void *arg, uint64_t position, char *buffer, size_t size)
{
	(void)arg;
	(void)position;
	(void)buffer;
	(void)size;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(int status, void *body, size_t body_length,
                                          enum MHD_ResponseMemoryMode mode)
{
	if (status == MHD_HTTP_NOT_MODIFIED)
		return MHD_create_response_from_callback(body_length, 1, no_bytes, NULL, NULL);
	return MHD_create_response_from_buffer(body_length, body, mode);
}

struct http_prepared *http_prepare(int status, size_t header_count,
                                   const struct http_header headers[], const void *body,
                                   size_t body_length)
{
	bool has_body = status != MHD_HTTP_NOT_MODIFIED;
	struct http_prepared *prepared = calloc(1, sizeof(*prepared));
	void *copy = has_body ? malloc(body_length + 1) : NULL;

	if (prepared == NULL || (has_body && copy == NULL))
		goto out;
	if (has_body && body_length > 0)
		memcpy(copy, body, body_length);
	prepared->response = make_response(status, copy, body_length, MHD_RESPMEM_MUST_FREE);
	if (prepared->response == NULL)
		goto out;
	(void)http_add_headers(prepared->response, header_count, headers);
	prepared->body = copy;
	prepared->body_length = body_length;
	prepared->status = status;
	prepared->references = 1;
	return prepared;
out:
	free(copy);
	free(prepared);
	return NULL;
}

void http_prepared_free(struct http_prepared *prepared)
{
	if (prepared != NULL)
		prepared_unref(prepared);
}

static enum MHD_Result copy_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
	(void)kind;
	(void)MHD_add_response_header(arg, name, value);
	return MHD_YES;
}

/* A prepared reply is shared, so Connection: close needs a copy. */
static struct MHD_Response *copy_prepared(const struct http_prepared *prepared)
{
	struct MHD_Response *response = make_response(prepared->status, prepared->body,
	                                              prepared->body_length, MHD_RESPMEM_MUST_COPY);

	if (response != NULL)
		(void)MHD_get_response_headers(prepared->response, copy_header, response);
	return response;
}

void http_drop_reply(struct http_exchange *ex)
{
	if (ex->response != NULL)
		MHD_destroy_response(ex->response);
	if (ex->prepared != NULL)
		prepared_unref(ex->prepared);
	ex->response = NULL;
	ex->prepared = NULL;
}

enum MHD_Result http_queue(struct http_exchange *ex)
{
	bool close = ex->close || ex->server->draining;

	assert(ex->replied && ex->connection != NULL);
	if (close && ex->prepared != NULL)
		ex->response = copy_prepared(ex->prepared);
	if (close && ex->response != NULL)
		(void)MHD_add_response_header(ex->response, "Connection", "close");
	struct MHD_Response *response = ex->response;
	if (response == NULL && ex->prepared != NULL && !close)
		response = ex->prepared->response;
	if (response == NULL)
		return MHD_NO; /* out of memory for a reply */
	enum MHD_Result result = MHD_queue_response(ex->connection, (unsigned)ex->status, response);
	http_drop_reply(ex);
	return result;
}
