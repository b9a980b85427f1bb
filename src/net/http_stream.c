#include "net/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/limits.h"

/* Reading a request's body. */

size_t http_give_reader(struct http_exchange *ex, const char *bytes, size_t count)
{
	if (ex->reader == NULL)
		return 0;
	size_t room = ex->read_size - ex->read_count;
	size_t given = count < room ? count : room;

	assert(room > 0);
	memcpy(ex->read_bytes + ex->read_count, bytes, given);
	ex->read_count += given;
	if (!ex->read_whole || ex->read_count == ex->read_size)
		http_end_reader(ex, 0);
	return given;
}

void http_end_reader(struct http_exchange *ex, int error)
{
	struct co *reader = ex->reader;

	if (reader == NULL)
		return;
	ex->reader = NULL;
	ex->read_result = error < 0 ? error : (long)ex->read_count;
	co_wake(reader);
}

/* False when there is nothing to wait for: *ret is the result. */
static bool begin_read(struct http_exchange *ex, char *bytes, size_t size, bool whole, long *ret)
{
	assert(ex->reader == NULL && co_self() != NULL && size > 0);
	*ret = ex->connection == NULL ? -ECONNRESET : 0;
	if (ex->connection == NULL || ex->stage != STAGE_STREAM)
		return false;
	ex->reader = co_self();
	ex->read_bytes = bytes;
	ex->read_size = size;
	ex->read_count = 0;
	ex->read_whole = whole;
	http_resume(ex);
	return true;
}

long http_read(struct http_exchange *ex, char *bytes, size_t size, int64_t deadline_ms)
{
	long result;

	if (!begin_read(ex, bytes, size, false, &result))
		return result;
	while (ex->reader != NULL) {
		if (co_wait(deadline_ms) < 0 && ex->reader != NULL) {
			ex->reader = NULL;
			return -ETIMEDOUT;
		}
	}
	return ex->read_result;
}

long http_read_whole(struct http_exchange *ex, char *bytes, size_t size, int64_t idle_ms)
{
	long result;

	if (!begin_read(ex, bytes, size, true, &result))
		return result;
	while (ex->reader != NULL) {
		size_t before = ex->read_count;

		if (co_wait(loop_now_ms() + idle_ms) < 0 && ex->reader != NULL &&
		    ex->read_count == before) {
			ex->reader = NULL;
			return -ETIMEDOUT;
		}
	}
	return ex->read_result;
}

/* Writing a reply of unknown length. */

void http_end_writer(struct http_exchange *ex)
{
	struct co *writer = ex->writer;

	if (writer == NULL)
		return;
	ex->writer = NULL;
	co_wake(writer);
}

/* Resets the connection, because to an HTTP/1.0 client a normal close means that the body is
 * complete. libmicrohttpd closes only at a later event, so the reset is sent here: Linux sends one
 * when a socket is disconnected.
 */
static void reset(int fd)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	(void)connect(fd, &nobody, sizeof(nobody));
}

/* Bytes of a stream in the kernel's send buffer. */
static size_t in_kernel(const struct http_exchange *ex)
{
	int count = 0;

	(void)ioctl(http_fd(ex->connection), SIOCOUTQNSD, &count); /* TCP's only */
	return count > 0 ? (size_t)count : 0;
}

void http_count_unread(struct http_exchange *ex, size_t bytes)
{
	size_t counts = bytes > LIMIT_SMALL_UNREAD_BYTES ? bytes : 0;

	assert(ex->server->stream_bytes >= ex->unread);
	ex->server->stream_bytes += counts - ex->unread;
	ex->unread = counts;
}

/* libmicrohttpd asks for more bytes whenever the socket is writable. */
static ssize_t on_wanted(void *arg, uint64_t position, char *buffer, size_t size)
{
	(void)position;
	struct http_exchange *ex = arg;

	if (ex->write_broken) {
		reset(http_fd(ex->connection));
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (ex->write_count == 0 && ex->write_ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (ex->write_count == 0) {
		if (ex->unattended)
			http_count_unread(ex, in_kernel(ex));
		http_suspend(ex);
		return 0;
	}
	assert(ex->writer != NULL || ex->pushed != NULL); /* whose bytes these are */
	size_t count = ex->write_count < size ? ex->write_count : size;
	memcpy(buffer, ex->write_bytes, count);
	ex->write_bytes += count;
	ex->write_count -= count;
	if (ex->write_count == 0) {
		http_end_writer(ex);
		free(ex->pushed);
		ex->pushed = NULL;
	}
	return (ssize_t)count;
}

void http_stream_begin(struct http_exchange *ex, int status, size_t header_count,
                       const struct http_header headers[])
{
	enum { BLOCK_BYTES = 16 * 1024 }; /* only a reply to HTTP/1.0 allocates it */

	assert(!ex->replied && ex->fd < 0);
	ex->replied = true;
	ex->status = status;
	if (ex->connection == NULL)
		return;
	struct MHD_Response *response =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_wanted, ex, NULL);
	ex->response = http_add_headers(response, header_count, headers);
	if (!ex->in_handler)
		http_resume(ex);
}

int http_stream_write(struct http_exchange *ex, const void *bytes, size_t count,
                      int64_t deadline_ms)
{
	assert(ex->replied && !ex->answered && ex->writer == NULL && co_self() != NULL);
	if (ex->connection == NULL)
		return -ECONNRESET;
	if (count == 0)
		return 0;
	ex->writer = co_self();
	ex->write_bytes = bytes;
	ex->write_count = count;
	http_resume(ex);
	while (ex->writer != NULL) {
		if (co_wait(deadline_ms) < 0 && ex->writer != NULL) {
			ex->writer = NULL;
			ex->write_count = 0;
			ex->write_broken = true;
			http_resume(ex);
			return -ETIMEDOUT;
		}
	}
	bool is_sent = ex->write_count == 0;
	ex->write_count = 0;
	return is_sent ? 0 : -ECONNRESET;
}

void http_stream_end(struct http_exchange *ex)
{
	assert(ex->replied && !ex->answered);
	ex->write_ended = true;
	http_answered(ex);
}

void http_stream_abort(struct http_exchange *ex)
{
	assert(ex->replied && !ex->answered && ex->writer == NULL);
	ex->write_count = 0;
	ex->write_broken = true;
	http_answered(ex);
}

void http_stream_unattend(struct http_exchange *ex)
{
	assert(ex->replied && !ex->answered && ex->writer == NULL);
	const int socket_bytes = LIMIT_STREAM_SOCKET_BYTES;

	ex->unattended = true;
	if (ex->connection == NULL) {
		ex->answered = true;
		http_end_later(ex);
		return;
	}
	ex->close = true; /* its socket cannot be reused */
	(void)setsockopt(http_fd(ex->connection), SOL_SOCKET, SO_SNDBUF, &socket_bytes,
	                 sizeof(socket_bytes));
}

/* True when so many more bytes may be buffered for this client and all others. */
static bool has_room(const struct http_exchange *ex, size_t bytes)
{
	return bytes <= LIMIT_SMALL_UNREAD_BYTES ||
	       ex->server->stream_bytes - ex->unread + bytes <= LIMIT_STREAMS_BYTES;
}

int http_stream_push(struct http_exchange *ex, const void *bytes, size_t count)
{
	assert(ex->unattended && !ex->write_ended);
	if (ex->connection == NULL)
		return -ECONNRESET;
	size_t unread = ex->write_count + count + in_kernel(ex);

	if (ex->write_count + count > LIMIT_STREAM_BACKLOG_BYTES || !has_room(ex, unread))
		return -ENOBUFS;
	char *all = malloc(ex->write_count + count);
	if (all == NULL)
		return -ENOMEM;
	if (ex->write_count > 0)
		memcpy(all, ex->write_bytes, ex->write_count);
	memcpy(all + ex->write_count, bytes, count);
	free(ex->pushed);
	ex->pushed = all;
	ex->write_bytes = all;
	ex->write_count += count;
	assert(ex->write_count <= LIMIT_STREAM_BACKLOG_BYTES);
	http_count_unread(ex, unread);
	http_resume(ex);
	return 0;
}
