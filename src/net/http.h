/*
 * http: the HTTP/1.1 server (libmicrohttpd on our loop). It knows nothing of operations: it
 * delivers complete requests or streamed bodies, and sends replies.
 *
 * An exchange is one request and its reply on a connection. It lives from the request's headers
 * until the reply is sent or the connection is lost, and the handler has answered (http_reply,
 * http_reply_prepared, http_stream_end or http_stream_abort: every exchange needs one, also after
 * the client has gone). `finished` is called then, exactly once and never inside of these, and is
 * the place to free what the exchange points to. All on the loop's thread.
 *
 * While a handler works the connection is suspended, and a disconnect of the client is not noticed.
 * Only http_read, http_read_whole and http_stream_write can meet the end of the connection; after
 * that the values of headers are gone (http_header gives NULL), while method, path, query and body
 * stay.
 *
 * Malformed requests (net/framing.h) never reach `begin`: `unreadable` makes the reply, and the
 * connection is closed after it.
 */
#ifndef SEBEZ_NET_HTTP_H
#define SEBEZ_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;
struct http_exchange;

struct http_header {
	const char *name;
	const char *value;
};

/* What the handler of the headers decides about the body. */
enum http_body {
	HTTP_BODY_REFUSE, /* already answered: the body is read and dropped, or not even read */
	HTTP_BODY_BUFFER, /* collect up to body_bytes_max, then call `complete` */
	HTTP_BODY_STREAM, /* call `complete` at once; the fiber reads with http_read */
};

/* An answer that is given without an exchange. */
struct http_answer {
	int status;
	size_t header_count;
	struct http_header headers[8];
	char value[64]; /* room for one header's */
	size_t body_length;
	char body[512];
};

struct http_handlers {
	/* The headers are complete. Sets *body_bytes_max. May reply already (then
	 * HTTP_BODY_REFUSE). */
	enum http_body (*begin)(void *arg, struct http_exchange *ex, size_t *body_bytes_max);
	/* The body is complete (or its stream is open). Replies now or later. */
	void (*complete)(void *arg, struct http_exchange *ex);
	/* The body passed body_bytes_max; must reply (413). */
	void (*too_large)(void *arg, struct http_exchange *ex);
	/* Buffered bodies of the process would exceed LIMIT_BODIES_BYTES; must reply (503). */
	void (*full)(void *arg, struct http_exchange *ex);
	void (*finished)(void *arg, struct http_exchange *ex);
	/* The client of an exchange that is set aside has disconnected. The exchange still needs a
	 * reply, which may be given here. May be NULL. */
	void (*left)(void *arg, struct http_exchange *ex);
	/* The request is malformed (400), or its target (414) or head (431) is too large. `why` is
	 * a sentence for the client. */
	void (*unreadable)(void *arg, int status, const char *why, struct http_answer *ret);
	void *arg;
};

/* Serves the listening socket (taken over, non-blocking). connections_max from base/limits.h. */
int http_server_start(int listen_fd, unsigned connections_max, const struct http_handlers *handlers,
                      struct http_server **ret) __attribute__((warn_unused_result));
/* Stops accepting and replies with Connection: close; exchanges in progress continue. Not to be
 * called from a fiber, nor is http_server_stop. */
void http_server_drain(struct http_server *server);
unsigned http_server_connections(const struct http_server *server); /* open ones */
unsigned http_server_busy(const struct http_server *server);        /* exchanges not finished */
/* Closes all connections. Frees the server when the last exchange has been answered. */
void http_server_stop(struct http_server *server);

const char *http_method(const struct http_exchange *ex);
/* Still percent-encoded, without the query. */
const char *http_path(const struct http_exchange *ex);
const char *
http_query(const struct http_exchange *ex); /* after the '?', still encoded; "" when none */
const char *http_header(const struct http_exchange *ex, const char *name); /* NULL when absent */
/* The last line when the header is repeated: that of the nearest proxy. */
const char *http_header_last(const struct http_exchange *ex, const char *name);
/* Calls see(arg, value) for each line of the header, in order: a list may span several lines. */
typedef void http_line_fn(void *arg, const char *value);
void http_header_each(const struct http_exchange *ex, const char *name, http_line_fn *see,
                      void *arg);
/* True when the request carries the header more than once. */
bool http_header_repeated(const struct http_exchange *ex, const char *name);
const char *http_peer(const struct http_exchange *ex); /* the client's address as text */
const char *http_body(const struct http_exchange *ex, size_t *ret_length); /* buffered body */

/* The next piece of a streamed body; suspends the fiber. Returns its length, 0 at the end,
 * -ETIMEDOUT, or -ECONNRESET when the client is gone. */
long http_read(struct http_exchange *ex, char *bytes, size_t size, int64_t deadline_ms);
/* The next `size` bytes; fewer are the last ones. For large bodies: the fiber and the connection
 * are suspended once for all of them. -ETIMEDOUT when nothing came for idle_ms. */
long http_read_whole(struct http_exchange *ex, char *bytes, size_t size, int64_t idle_ms);

/* A pointer of the caller, for `finished`. */
void http_set_context(struct http_exchange *ex, void *context);
void *http_context(const struct http_exchange *ex);

/*
 * http_reply: sends status, headers and body. Once per exchange. For a 304 pass the body of the
 * 200: its length is sent, the body is not. The body's bytes must stay until `finished`. Headers
 * are copied. Safe after the client has gone (nothing is sent).
 */
void http_reply(struct http_exchange *ex, int status, size_t header_count,
                const struct http_header headers[], const void *body, size_t body_length);

/*
 * http_reply_file: the same with `length` bytes of a file from `offset` on as the body, which the
 * kernel sends without copying them, unless they are few (LIMIT_FILE_COPIED_BYTES). Takes the
 * descriptor over. The file must not shrink, and its bytes should be in memory.
 */
void http_reply_file(struct http_exchange *ex, int status, size_t header_count,
                     const struct http_header headers[], int fd, int64_t offset, int64_t length);

/*
 * http_set_aside: an exchange that waits for long can release libmicrohttpd's memory of its
 * connection (LIMIT_CONNECTION_BYTES and more). The socket is taken out of libmicrohttpd, and given
 * back after the answer, for the next request; until then there are only the exchange and the
 * socket, which is watched for its end (`left`). Headers are gone then, and the answer must come
 * from http_reply.
 *
 * A hint: ignored where it would change behaviour (HTTP/1.0, Connection: close, a body, a pipelined
 * request already read).
 */
void http_set_aside(struct http_exchange *ex);
bool http_is_aside(const struct http_exchange *ex); /* for tests: soon after */

/*
 * A reply made once and sent many times (the response cache). Reference counted by libmicrohttpd;
 * the bytes are copied in. http_reply_prepared may be called from `begin` and needs no fiber.
 */
struct http_prepared;
struct http_prepared *http_prepare(int status, size_t header_count,
                                   const struct http_header headers[], const void *body,
                                   size_t body_length);
void http_reply_prepared(struct http_exchange *ex, struct http_prepared *prepared);
void http_prepared_free(struct http_prepared *prepared); /* replies in progress are unaffected */

/*
 * A reply of unknown length, written as it is made (exports). http_stream_write suspends the fiber
 * while the client is slow; returns 0, -ETIMEDOUT or -ECONNRESET.
 */
void http_stream_begin(struct http_exchange *ex, int status, size_t header_count,
                       const struct http_header headers[]);
int http_stream_write(struct http_exchange *ex, const void *bytes, size_t count,
                      int64_t deadline_ms) __attribute__((warn_unused_result));
void http_stream_end(struct http_exchange *ex);
/* Instead of http_stream_end when the stream cannot be completed: resets the connection, so that
 * the client does not take a partial body for a complete one. */
void http_stream_abort(struct http_exchange *ex);

/*
 * A stream that no fiber writes (server-sent events). After http_stream_begin and
 * http_stream_unattend, bytes are pushed: copied and kept until the client takes them, at most
 * LIMIT_STREAM_BACKLOG_BYTES, and with those of all other streams LIMIT_STREAMS_BYTES; the first
 * LIMIT_SMALL_UNREAD_BYTES have room in any case. When the client disconnects, or all is sent after
 * http_stream_end, `finished` is called and the connection closed. No call may follow
 * http_stream_end.
 */
void http_stream_unattend(struct http_exchange *ex);
/* 0, -ECONNRESET when the client is gone, -ENOBUFS when there is no room for so much, -ENOMEM. */
int http_stream_push(struct http_exchange *ex, const void *bytes, size_t count)
    __attribute__((warn_unused_result));

#endif
