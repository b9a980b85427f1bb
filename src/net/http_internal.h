/*
 * http_internal: what the files of the HTTP server share; nobody else but their tests includes it.
 *
 *   http.c          the server: libmicrohttpd's daemon driven from our loop
 *   http_request.c  a request comes in: line, headers, buffered body
 *   http_ask.c      what may be asked about it
 *   http_intake.c   what comes in on a connection: read for libmicrohttpd, judged (framing.h),
 * timed http_reply.c    an answer goes out: at once, or when the connection was resumed
 *   http_stream.c   bodies in pieces, both ways
 *   http_aside.c    connections that libmicrohttpd does not have for a while
 *
 * An exchange ends when both libmicrohttpd has completed it (`connection` becomes NULL) and the
 * handler has (`answered`), in either order. Then it is `finished` and freed.
 *
 * libmicrohttpd takes a response in its first call for a request (headers), but then closes the
 * connection afterwards, or in its last (all of the body is in). So an answer that comes earlier is
 * kept in the exchange, and one that comes later waits for the suspended connection to be resumed.
 */
#ifndef SEBEZ_NET_HTTP_INTERNAL_H
#define SEBEZ_NET_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "base/list.h"
#include "net/co.h"
#include "net/http.h"
#include "net/loop.h"

enum exchange_stage {
	STAGE_HEADERS, /* libmicrohttpd is still reading them */
	STAGE_BUFFER,  /* the body is being collected */
	STAGE_STREAM,  /* the body goes to http_read */
	STAGE_DISCARD, /* the reply is known; it is sent after the rest of the body was discarded */
	STAGE_WORK,    /* the body is complete; the handler works or has replied */
	STAGE_COUNT,
};

struct http_prepared {
	struct MHD_Response *response;
	void *body; /* the response's, for a copy that says Connection: close */
	size_t body_length;
	int status;
	unsigned references;
};

struct http_exchange {
	struct http_server *server;
	struct MHD_Connection *connection; /* NULL after libmicrohttpd has completed the request */
	struct http_exchange *next;        /* in the server's list of exchanges in progress */
	struct http_exchange **link;
	void *context;
	enum exchange_stage stage;
	bool in_handler; /* inside a callback of libmicrohttpd: replies are queued on return */
	bool suspended;
	bool close;    /* the reply says Connection: close */
	bool is_plain; /* a GET of HTTP/1.1 without a body */
	bool replied;  /* a reply was given */
	bool answered; /* the handler has completed */

	/* The socket, when it has been or is to be taken out of libmicrohttpd; else -1. */
	int fd;
	struct http_unsent *unsent; /* reply bytes that a client set aside has not read yet */

	/* The reply to be queued: one of the two, or neither when memory ran out. */
	struct MHD_Response *response;
	struct http_prepared *prepared;
	int status;

	/* The request's body. */
	char *body;
	size_t body_length;
	size_t body_capacity;
	size_t body_max;
	size_t discarded;
	int64_t body_deadline_ms;

	/* http_read: who waits, and where the bytes go. */
	struct co *reader;
	char *read_bytes;
	size_t read_size;
	size_t read_count; /* that are there */
	bool read_whole;   /* the reader waits for all */
	long read_result;

	/* http_stream_write: who waits, and which bytes are left to send. */
	struct co *writer;
	const char *write_bytes;
	size_t write_count;
	bool write_ended;
	bool write_broken; /* aborted: the client must not take it for complete */
	bool unattended;   /* pushed to; the end of the connection ends the exchange */
	char *pushed;      /* the buffer that write_bytes points into then */
	size_t unread;     /* its share of the server's stream_bytes */

	char method[16];
	char peer[INET6_ADDRSTRLEN];
	const char *query;
	char path[];
};

struct http_server {
	struct http_handlers handlers;
	struct MHD_Daemon *daemon;
	struct http_server *next;
	struct http_exchange *exchanges; /* begun and not finished */
	struct http_exchange *ended;     /* to be finished at the end of the loop's turn */
	struct list_node awaited;        /* connections that await a request's headers */
	unsigned busy;
	size_t body_bytes;   /* of request bodies larger than LIMIT_SMALL_BODY_BYTES */
	size_t stream_bytes; /* waiting for clients of streams, beyond the guaranteed minimum */
	unsigned connections;
	unsigned aside; /* connections that are set aside */
	unsigned connections_limit;
	unsigned connections_max; /* since heap memory was last returned */
	bool resumed; /* a connection was resumed: run the daemon before the loop sleeps */
	bool running;
	bool draining;
	bool returning; /* a connection that was set aside is being given back */
	bool stopped;
	unsigned handles; /* of libuv, not closed yet */
	int aside_fd;     /* epoll of the sockets that are set aside: disconnects only */
	uv_poll_t aside_poll;
	uv_poll_t poll;
	uv_timer_t timer;
};

/* http.c */
void http_suspend(struct http_exchange *ex);
void http_resume(struct http_exchange *ex);       /* no-op when it is not suspended */
void http_end_later(struct http_exchange *ex);    /* finishes it at the end of the loop's turn */
void http_link(struct http_exchange *ex);         /* into the server's list; counts as busy */
void http_exchange_end(struct http_exchange *ex); /* calls `finished`, frees */

/* http_request.c */
void *http_on_target(void *arg, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request);
void http_drop_body(struct http_exchange *ex);
void http_on_completed(void *arg, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode how);

/* http_reply.c */
void http_answered(struct http_exchange *ex);
enum MHD_Result http_queue(struct http_exchange *ex); /* hands the reply to libmicrohttpd */
void http_drop_reply(struct http_exchange *ex);
enum { HTTP_HEAD_BYTES = 2048 };
/* Writes a reply's head as libmicrohttpd would; returns its length, 0 when it does not fit. */
size_t http_write_head(int status, size_t header_count, const struct http_header headers[],
                       bool closes, size_t body_length, char ret[HTTP_HEAD_BYTES]);
struct MHD_Response *http_add_headers(struct MHD_Response *response, size_t header_count,
                                      const struct http_header headers[]);

/* http_stream.c */
size_t http_give_reader(struct http_exchange *ex, const char *bytes, size_t count);
/* error: -errno, or 0 when the reader gets the bytes that are there; none is the end. */
void http_end_reader(struct http_exchange *ex, int error);
void http_end_writer(struct http_exchange *ex);
void http_count_unread(struct http_exchange *ex, size_t bytes);

/* http_intake.c: each connection has an intake until libmicrohttpd closes it. */
struct http_intake;
int http_fd(struct MHD_Connection *connection); /* libmicrohttpd's own */
struct http_intake *http_intake_begin(struct http_server *server,
                                      struct MHD_Connection *connection);
void http_intake_end(struct http_intake *intake);
/* Makes the connection's intake the owner of an exchange whose headers are not complete, until
 * http_intake_head. libmicrohttpd does not report requests that it abandons by itself, so these are
 * freed when the next request begins or the connection closes. Without an intake, frees the
 * exchange and returns false. */
bool http_intake_own(struct MHD_Connection *connection, struct http_exchange *ex);
/* The headers are complete: the intake no longer owns the exchange. */
void http_intake_head(struct http_exchange *ex);
void http_intake_next(struct http_server *server, struct MHD_Connection *connection);
/* True when nothing was read beyond the requests seen. */
bool http_intake_is_empty(struct MHD_Connection *connection);
/* Closes connections whose headers were due before now_ms. */
void http_intake_end_slow(struct http_server *server, int64_t now_ms);

/* http_aside.c */
int http_aside_open(struct http_server *server); /* 0 or -errno */
void http_aside_close(struct http_server *server);
void http_leave(struct http_exchange *ex);     /* libmicrohttpd has released it */
void http_stay(struct http_exchange *ex);      /* cancels http_leave before it took effect */
void http_come_back(struct http_exchange *ex); /* the reply was sent */
void http_close_aside(struct http_exchange *ex);
void http_drop_aside(struct http_exchange *ex); /* drops the unsent part of the reply */
void http_reply_aside(struct http_exchange *ex, size_t header_count,
                      const struct http_header headers[], const void *body, size_t body_length);

#endif
