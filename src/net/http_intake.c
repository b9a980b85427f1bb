#include "net/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/limits.h"
#include "net/framing.h"

/*
 * What comes in on a connection.
 *
 * libmicrohttpd reads sockets with recv, and this program has a recv of its own, which it finds
 * before the C library's. So every byte of a connection is read here first, and libmicrohttpd gets
 * only well-formed requests: its versions differ in how leniently they treat others, and answer
 * some by themselves. Malformed requests are answered here; what follows is discarded until the
 * client disconnects, because a client whose connection is closed while it sends may not see the
 * reply.
 *
 * libmicrohttpd closes idle connections, but not those that send a header byte now and then. So
 * connections that await a request are in a list, the oldest first, and are closed after
 * LIMIT_HEAD_MS. This needs no timer: active connections trigger the check, and idle ones are
 * closed by libmicrohttpd.
 */
struct http_intake {
	struct list_node node; /* in the server's `awaited`, from the end of a request on */
	struct http_server *server;
	int64_t since_ms;
	int fd;
	struct framing framing;
	uint64_t taken; /* requests whose heads libmicrohttpd has shown us */
	bool refused;   /* the reply to a malformed request was sent */
	size_t discarded;
	struct http_exchange *unfinished; /* its headers are not complete yet; owned */
};

static struct http_intake *intakes[LIMIT_DESCRIPTORS]; /* of connections, by their descriptors */

static void refuse(struct http_intake *intake)
{
	static const int STATUS[] = {[FRAMING_MALFORMED] = MHD_HTTP_BAD_REQUEST,
	                             [FRAMING_TARGET_TOO_LONG] = MHD_HTTP_URI_TOO_LONG,
	                             [FRAMING_HEAD_TOO_LARGE] = 431};
	const struct http_handlers *handlers = &intake->server->handlers;
	const struct framing *framing = &intake->framing;
	struct http_answer answer = {0};
	char head[HTTP_HEAD_BYTES];

	assert(framing->fault != FRAMING_GOOD && framing->why != NULL);
	handlers->unreadable(handlers->arg, STATUS[framing->fault], framing->why, &answer);
	assert(answer.body_length <= sizeof(answer.body) &&
	       answer.header_count <= sizeof(answer.headers) / sizeof(answer.headers[0]));
	struct iovec parts[] = {
	    {head, http_write_head(answer.status, answer.header_count, answer.headers, true,
	                           answer.body_length, head)},
	    {answer.body, answer.body_length}};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	(void)sendmsg(intake->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(intake->fd, SHUT_WR);
	intake->refused = true;
}

static ssize_t discard(struct http_intake *intake, void *bytes, size_t size, int flags)
{
	if (!intake->refused)
		refuse(intake);
	while (intake->discarded < LIMIT_UNREADABLE_BYTES) {
		ssize_t got = recvfrom(intake->fd, bytes, size, flags, NULL, NULL);

		if (got <= 0)
			return got;
		intake->discarded += (size_t)got;
	}
	errno = ECONNRESET;
	return -1;
}

static ssize_t take_in(struct http_intake *intake, void *bytes, size_t size, int flags)
{
	if (intake->framing.fault != FRAMING_GOOD)
		return discard(intake, bytes, size, flags);
	ssize_t got = recvfrom(intake->fd, bytes, size, flags, NULL, NULL);

	if (got <= 0)
		return got;
	size_t whole = framing_take(&intake->framing, bytes, (size_t)got);

	assert(whole <= (size_t)got);
	if (intake->framing.fault == FRAMING_GOOD)
		return got;
	if (whole == 0)
		return discard(intake, bytes, size, flags);
	/* Replies to earlier requests go first. libmicrohttpd reads on only at the next event; the
	 * end of input is one. */
	(void)shutdown(intake->fd, SHUT_RD);
	return (ssize_t)whole;
}

/* Replaces the C library's recv for this program and all its libraries. */
ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	struct http_intake *intake = fd >= 0 && fd < LIMIT_DESCRIPTORS ? intakes[fd] : NULL;

	return intake != NULL ? take_in(intake, bytes, size, flags)
	                      : recvfrom(fd, bytes, size, flags, NULL, NULL);
}

int http_fd(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static struct http_intake *intake_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void await(struct http_server *server, struct http_intake *intake)
{
	list_remove(&intake->node);
	list_push_back(&server->awaited, &intake->node);
	intake->since_ms = loop_now_ms();
}

struct http_intake *http_intake_begin(struct http_server *server, struct MHD_Connection *connection)
{
	int fd = http_fd(connection);
	struct http_intake *intake = fd < LIMIT_DESCRIPTORS ? calloc(1, sizeof(*intake)) : NULL;

	if (intake == NULL)
		return NULL;
	assert(intakes[fd] == NULL);
	intakes[fd] = intake;
	list_init(&intake->node);
	intake->server = server;
	intake->fd = fd;
	await(server, intake);
	return intake;
}

void http_intake_end(struct http_intake *intake)
{
	if (intake == NULL)
		return;
	assert(intakes[intake->fd] == intake);
	intakes[intake->fd] = NULL;
	list_remove(&intake->node);
	free(intake->unfinished);
	free(intake);
}

bool http_intake_own(struct MHD_Connection *connection, struct http_exchange *ex)
{
	struct http_intake *intake = intake_of(connection);

	assert(ex->stage == STAGE_HEADERS);
	if (intake == NULL) {
		free(ex);
		return false;
	}
	free(intake->unfinished);
	intake->unfinished = ex;
	return true;
}

void http_intake_head(struct http_exchange *ex)
{
	struct http_intake *intake = intake_of(ex->connection);

	assert(intake != NULL && intake->unfinished == ex);
	intake->unfinished = NULL;
	list_remove(&intake->node);
	intake->taken++;
	/* Every byte reaches libmicrohttpd through recv above. */
	assert(intake->taken <= intake->framing.requests);
}

void http_intake_next(struct http_server *server, struct MHD_Connection *connection)
{
	struct http_intake *intake = intake_of(connection);

	if (intake != NULL)
		await(server, intake);
}

bool http_intake_is_empty(struct MHD_Connection *connection)
{
	const struct http_intake *intake = intake_of(connection);

	return intake != NULL && framing_is_at_rest(&intake->framing) &&
	       intake->taken == intake->framing.requests;
}

void http_intake_end_slow(struct http_server *server, int64_t now_ms)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &server->awaited)
	{
		const struct http_intake *intake = CONTAINER_OF(at, struct http_intake, node);

		if (now_ms - intake->since_ms < LIMIT_HEAD_MS)
			return;
		list_remove(at);
		(void)shutdown(intake->fd, SHUT_RDWR); /* libmicrohttpd sees it and closes */
	}
}
