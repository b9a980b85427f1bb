#include "net/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

/* Rounds of one daemon before other sockets of the loop are served. */
enum { RUNS_MAX = 16 };

static struct http_server *servers;
static struct loop_hook hook;

/* libmicrohttpd may have work that no socket event will announce; a timeout of 0 says so. */
static void run(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
	bool has_timeout = true;

	assert(!server->running);
	server->running = true;
	server->resumed = false;
	for (int i = 0; i < RUNS_MAX && has_timeout && timeout_ms == 0; i++) {
		(void)MHD_run(server->daemon);
		timeout_ms = 0;
		has_timeout = MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES;
	}
	server->running = false;
	http_intake_end_slow(server, loop_now_ms());
	if (has_timeout && timeout_ms == 0) {
		server->resumed = true;
		loop_rerun_hooks();
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

/* All connections have the same timeout, so the next expiry is never earlier than when the timer
 * was set. */
static void set_timer(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms = 0;

	if (uv_is_active((uv_handle_t *)&server->timer))
		return;
	if (MHD_get_timeout(server->daemon, &timeout_ms) != MHD_YES)
		return;
	(void)uv_timer_start(&server->timer, on_timer, timeout_ms + 1, 0);
}

static void finish_ended(struct http_server *server)
{
	while (server->ended != NULL) {
		struct http_exchange *ex = server->ended;
		server->ended = ex->next;
		http_exchange_end(ex);
	}
}

static void free_if_unused(struct http_server *server)
{
	if (!server->stopped || server->handles > 0 || server->busy > 0)
		return;
	assert(server->exchanges == NULL && server->ended == NULL && server->daemon == NULL);
	struct http_server **link = &servers;
	while (*link != server)
		link = &(*link)->next;
	*link = server->next;
	free(server);
}

/* Returns freed heap memory of closed connections to the system. */
static void give_memory_back(struct http_server *server)
{
	enum { WORTH_IT = 256 };

	if (server->connections_max < WORTH_IT || server->connections > server->connections_max / 2)
		return;
	server->connections_max = server->connections;
	(void)malloc_trim(0);
}

static void before_sleep(void *arg)
{
	(void)arg;
	struct http_server *next = NULL;

	for (struct http_server *server = servers; server != NULL; server = next) {
		next = server->next;
		if (!server->stopped) {
			if (server->resumed)
				run(server);
			set_timer(server);
		}
		finish_ended(server);
		give_memory_back(server);
		free_if_unused(server);
	}
}

void http_suspend(struct http_exchange *ex)
{
	assert(!ex->suspended);
	ex->suspended = true;
	MHD_suspend_connection(ex->connection);
}

void http_resume(struct http_exchange *ex)
{
	if (!ex->suspended)
		return;
	ex->suspended = false;
	MHD_resume_connection(ex->connection);
	ex->server->resumed = true;
	loop_rerun_hooks();
}

void http_link(struct http_exchange *ex)
{
	struct http_server *server = ex->server;

	assert(ex->link == NULL);
	ex->next = server->exchanges;
	ex->link = &server->exchanges;
	if (ex->next != NULL)
		ex->next->link = &ex->next;
	server->exchanges = ex;
	server->busy++;
}

static void unlink_exchange(struct http_exchange *ex)
{
	assert(ex->link != NULL && *ex->link == ex);
	*ex->link = ex->next;
	if (ex->next != NULL)
		ex->next->link = ex->link;
	ex->link = NULL;
}

void http_end_later(struct http_exchange *ex)
{
	unlink_exchange(ex);
	ex->next = ex->server->ended;
	ex->server->ended = ex;
	loop_rerun_hooks();
}

void http_exchange_end(struct http_exchange *ex)
{
	struct http_server *server = ex->server;

	assert(ex->connection == NULL && ex->answered);
	if (ex->link != NULL)
		unlink_exchange(ex);
	if (ex->fd >= 0)
		http_come_back(ex);
	server->handlers.finished(server->handlers.arg, ex);
	assert(server->busy > 0 && ex->reader == NULL && ex->writer == NULL);
	server->busy--;
	http_drop_reply(ex);
	free(ex->pushed);
	http_count_unread(ex, 0);
	http_drop_body(ex);
	free(ex);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode how)
{
	struct http_server *server = arg;

	if (how == MHD_CONNECTION_NOTIFY_CLOSED) {
		http_intake_end(*context);
		*context = NULL;
		assert(server->connections > 0);
		server->connections--;
		return;
	}
	*context = http_intake_begin(server, connection);
	server->connections++;
	if (server->connections > server->connections_max)
		server->connections_max = server->connections;
}

/* libmicrohttpd does not count the connections that are set aside. */
static enum MHD_Result may_connect(void *arg, const struct sockaddr *address, socklen_t length)
{
	const struct http_server *server = arg;
	bool is_room = server->connections + server->aside < server->connections_limit;

	(void)address;
	(void)length;
	return is_room || server->returning ? MHD_YES : MHD_NO;
}

/* Targets are decoded in web/, where a bad encoding can be answered. */
static size_t leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int listen_fd,
                                       unsigned connections_max)
{
	/* No MHD_USE_ERROR_LOG: its messages are about clients, and nobody reads them.
	 * MHD_USE_TURBO because closing must not shut a socket down that was set aside.
	 * MHD_OPTION_SIGPIPE_HANDLED_BY_APP because else it reads and sends files by 4 KB instead
	 * of leaving them to the kernel, whose sendfile may raise that signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	server->connections_limit = connections_max;
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, may_connect, server,
	    http_on_request, server, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listen_fd,
	    MHD_OPTION_CONNECTION_LIMIT, connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)LIMIT_CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)(LIMIT_CONNECTION_IDLE_MS / 1000), MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_URI_LOG_CALLBACK, http_on_target, server, MHD_OPTION_UNESCAPE_CALLBACK,
	    leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, server,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
#if MHD_VERSION >= 0x00097701
	    MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
#endif
	    MHD_OPTION_END);
}

int http_server_start(int listen_fd, unsigned connections_max, const struct http_handlers *handlers,
                      struct http_server **ret)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return -ENOMEM;
	server->handlers = *handlers;
	list_init(&server->awaited);
	server->daemon = start_daemon(server, listen_fd, connections_max);
	if (server->daemon == NULL) {
		free(server);
		return errno != 0 ? -errno : -EIO;
	}
	int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	int r = http_aside_open(server);
	if (r == 0)
		r = uv_poll_init(loop_uv(), &server->poll, fd);
	if (r < 0) {
		MHD_stop_daemon(server->daemon);
		free(server);
		return r;
	}
	server->poll.data = server;
	(void)uv_poll_start(&server->poll, UV_READABLE, on_readable);
	(void)uv_timer_init(loop_uv(), &server->timer);
	server->timer.data = server;
	server->handles = 3;
	server->next = servers;
	servers = server;
	if (hook.run == NULL) {
		hook.run = before_sleep;
		loop_before_sleep(&hook);
	}
	*ret = server;
	return 0;
}

void http_server_drain(struct http_server *server)
{
	assert(co_self() == NULL);
	if (server->draining)
		return;
	server->draining = true;
	/* Accept what is queued: closing the socket would reset those connections. */
	run(server);
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);
	if (fd != MHD_INVALID_SOCKET)
		(void)close(fd);
}

unsigned http_server_connections(const struct http_server *server)
{
	return server->connections + server->aside;
}

unsigned http_server_busy(const struct http_server *server)
{
	return server->busy;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct http_server *server = handle->data;

	assert(server->stopped && server->handles > 0);
	server->handles--;
	loop_rerun_hooks(); /* before_sleep frees it */
}

void http_server_stop(struct http_server *server)
{
	assert(!server->stopped && !server->running);
	http_server_drain(server);
	server->stopped = true;
	http_aside_close(server);
	uv_close((uv_handle_t *)&server->aside_poll, on_handle_closed);
	uv_close((uv_handle_t *)&server->poll, on_handle_closed);
	uv_close((uv_handle_t *)&server->timer, on_handle_closed);
	/* libmicrohttpd refuses to stop while connections are suspended. */
	for (struct http_exchange *ex = server->exchanges, *next = NULL; ex != NULL; ex = next) {
		next = ex->next;
		http_resume(ex);
		if (http_is_aside(ex))
			http_drop_aside(ex);
	}
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}
