#include "net/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/limits.h"

/*
 * libmicrohttpd has no way to give a socket back, but it can be made to close a connection without
 * an answer, and with MHD_USE_TURBO it closes its descriptor without shutting the socket down. So
 * the socket lives on in a duplicate. Bytes of a pipelined request that it has read would be lost
 * with its buffer; the intake knows whether there are any.
 */

/* The part of a reply that the client has not read yet. */
struct http_unsent {
	uv_poll_t poll; /* first: freed as what it is */
	struct http_exchange *ex;
	struct iovec parts[2];
	char head[];
};

static bool may_leave(struct http_exchange *ex)
{
	const char *connection = http_header(ex, "Connection");

	if (!ex->is_plain || ex->server->draining)
		return false;
	if (connection != NULL && strcasecmp(connection, "keep-alive") != 0)
		return false;
	return http_intake_is_empty(ex->connection);
}

void http_set_aside(struct http_exchange *ex)
{
	assert(!ex->replied && ex->fd < 0);
	if (ex->connection == NULL || !may_leave(ex))
		return;
	ex->fd = fcntl(http_fd(ex->connection), F_DUPFD_CLOEXEC, 0);
	if (ex->fd >= 0 && !ex->in_handler)
		http_resume(ex); /* rejected by its handler: close the connection */
}

bool http_is_aside(const struct http_exchange *ex)
{
	return ex->fd >= 0 && ex->connection == NULL;
}

/* Watches for disconnects only: data that the client sends meanwhile waits for the reply. */
static void watch(struct http_exchange *ex)
{
	struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = ex};

	(void)epoll_ctl(ex->server->aside_fd, EPOLL_CTL_ADD, ex->fd, &event);
}

static void unwatch(const struct http_exchange *ex)
{
	(void)epoll_ctl(ex->server->aside_fd, EPOLL_CTL_DEL, ex->fd, NULL);
}

static void on_left(uv_poll_t *poll, int status, int events)
{
	enum { AT_ONCE = 64 };
	struct http_server *server = poll->data;
	struct epoll_event left[AT_ONCE];
	int count = epoll_wait(server->aside_fd, left, AT_ONCE, 0);

	assert(count <= AT_ONCE && co_self() == NULL);
	(void)status;
	(void)events;
	for (int i = 0; i < count; i++) {
		struct http_exchange *ex = left[i].data.ptr;

		assert(ex->server == server && http_is_aside(ex));
		unwatch(ex);
		ex->close = true;
		if (server->handlers.left != NULL && !ex->replied)
			server->handlers.left(server->handlers.arg, ex);
	}
}

int http_aside_open(struct http_server *server)
{
	int r = 0;

	server->aside_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->aside_fd < 0)
		return -errno;
	r = uv_poll_init(loop_uv(), &server->aside_poll, server->aside_fd);
	if (r < 0) {
		(void)close(server->aside_fd);
		return r;
	}
	server->aside_poll.data = server;
	return uv_poll_start(&server->aside_poll, UV_READABLE, on_left);
}

void http_aside_close(struct http_server *server)
{
	(void)uv_poll_stop(&server->aside_poll);
	(void)close(server->aside_fd);
	server->aside_fd = -1;
}

void http_leave(struct http_exchange *ex)
{
	assert(http_is_aside(ex));
	if (ex->server->stopped) {
		http_close_aside(ex);
		return;
	}
	ex->server->aside++;
	watch(ex);
}

void http_stay(struct http_exchange *ex)
{
	if (ex->fd < 0)
		return;
	assert(ex->connection != NULL);
	(void)close(ex->fd);
	ex->fd = -1;
}

void http_close_aside(struct http_exchange *ex)
{
	assert(ex->fd >= 0);
	(void)close(ex->fd);
	ex->fd = -1;
}

/* The reply is sent: hands the socket back to libmicrohttpd, which closes it when it cannot accept
 * it. */
void http_come_back(struct http_exchange *ex)
{
	struct http_server *server = ex->server;
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	int fd = ex->fd;

	assert(fd >= 0 && server->aside > 0 && ex->unsent == NULL);
	ex->fd = -1;
	server->aside--;
	if (server->stopped || server->draining || ex->close ||
	    getpeername(fd, (struct sockaddr *)&address, &length) < 0) {
		(void)close(fd);
		return;
	}
	server->returning = true;
	(void)MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, length);
	server->returning = false;
	server->resumed = true;
	loop_rerun_hooks();
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void end_unsent(struct http_exchange *ex)
{
	struct http_unsent *unsent = ex->unsent;

	assert(ex->answered && http_is_aside(ex));
	if (unsent != NULL)
		uv_close((uv_handle_t *)&unsent->poll, on_poll_closed);
	ex->unsent = NULL;
	http_end_later(ex);
}

void http_drop_aside(struct http_exchange *ex)
{
	ex->close = true;
	if (ex->unsent != NULL) {
		(void)uv_poll_stop(&ex->unsent->poll);
		end_unsent(ex);
	}
}

/* Returns the bytes sent; -EAGAIN when the socket is full; less than all only before that. */
static int send_parts(int fd, struct iovec parts[2])
{
	while (parts[0].iov_len + parts[1].iov_len > 0) {
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		for (int i = 0; i < 2; i++) {
			size_t count =
			    (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
			parts[i].iov_base = (char *)parts[i].iov_base + count;
			parts[i].iov_len -= count;
			sent -= (ssize_t)count;
		}
		assert(sent == 0);
	}
	return 0;
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
	struct http_unsent *unsent = (struct http_unsent *)(void *)poll;
	struct http_exchange *ex = unsent->ex;
	int r = status < 0 ? status : send_parts(ex->fd, unsent->parts);

	(void)events;
	if (r == -EAGAIN)
		return;
	ex->close |= r < 0;
	(void)uv_poll_stop(poll);
	end_unsent(ex);
}

/* Sends the rest when the socket is writable; the kernel times out a client that reads nothing. */
static int send_later(struct http_exchange *ex, const struct iovec parts[2])
{
	struct http_unsent *unsent = malloc(sizeof(*unsent) + parts[0].iov_len);
	unsigned limit_ms = LIMIT_CONNECTION_IDLE_MS;

	assert(ex->unsent == NULL);
	if (unsent == NULL)
		return -ENOMEM;
	int r = uv_poll_init(loop_uv(), &unsent->poll, ex->fd);
	if (r < 0) {
		free(unsent);
		return r;
	}
	unsent->ex = ex;
	unsent->parts[0] = (struct iovec){unsent->head, parts[0].iov_len};
	unsent->parts[1] = parts[1];
	memcpy(unsent->head, parts[0].iov_base, parts[0].iov_len);
	(void)setsockopt(ex->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
	(void)uv_poll_start(&unsent->poll, UV_WRITABLE, on_writable);
	ex->unsent = unsent;
	return 0;
}

void http_reply_aside(struct http_exchange *ex, size_t header_count,
                      const struct http_header headers[], const void *body, size_t body_length)
{
	char head[HTTP_HEAD_BYTES];

	assert(http_is_aside(ex));
	unwatch(ex);
	ex->close |= ex->server->draining;
	size_t head_length =
	    http_write_head(ex->status, header_count, headers, ex->close, body_length, head);
	struct iovec parts[2] = {{head, head_length}, {(void *)(uintptr_t)body, body_length}};

	if (ex->status == MHD_HTTP_NOT_MODIFIED)
		parts[1].iov_len = 0;
	int r = head_length > 0 ? send_parts(ex->fd, parts) : -ENOMEM;

	ex->answered = true;
	if (r == -EAGAIN)
		r = send_later(ex, parts);
	ex->close |= r < 0;
	if (ex->unsent == NULL)
		http_end_later(ex);
}
