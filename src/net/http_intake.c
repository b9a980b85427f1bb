#include "net/http_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "net/tcp.h"

/*
 * What comes in on a connection.
 *
 * libmicrohttpd ends connections that are silent, not those that send a byte of their headers now
 * and then. So those whose next request is awaited are in a list, the longest first, and end after
 * LIMIT_HEAD_MS. Nothing needs to wake up for that: who is not silent does, and who is silent is
 * ended by libmicrohttpd.
 */
struct http_intake {
	struct list_node node; /* in the server's `awaited`, from the end of a request on */
	int64_t since_ms;
	uint64_t bytes; /* of the requests seen, and of all before libmicrohttpd had the socket */
	int fd;
	struct http_exchange *unfinished; /* its headers are not in yet; owned */
	bool unclear; /* how many bytes those were: a chunked body, or not TCP */
};

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
	struct http_intake *intake = calloc(1, sizeof(*intake));

	if (intake == NULL)
		return NULL;
	list_init(&intake->node);
	intake->fd = http_fd(connection);
	intake->unclear = !tcp_taken_at_least(intake->fd, &intake->bytes);
	await(server, intake);
	return intake;
}

void http_intake_end(struct http_intake *intake)
{
	if (intake == NULL)
		return;
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

void http_intake_head(struct http_exchange *ex, uint64_t body_length)
{
	struct http_intake *intake = intake_of(ex->connection);
	const union MHD_ConnectionInfo *head =
	    MHD_get_connection_info(ex->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	assert(intake != NULL && intake->unfinished == ex);
	intake->unfinished = NULL;
	list_remove(&intake->node);
	if (head == NULL || body_length == UINT64_MAX)
		intake->unclear = true;
	else
		intake->bytes += head->header_size + body_length;
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
	uint64_t taken;

	return intake != NULL && !intake->unclear && tcp_taken_at_most(intake->fd, &taken) &&
	       taken == intake->bytes;
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
