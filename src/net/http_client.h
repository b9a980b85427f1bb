/*
 * http_client: calls to other servers over HTTP/1.1 and HTTP/2 (libcurl on our loop), from fibers.
 *
 *   struct http_client_response response;
 *   int rc = http_client_send(task->arena, &(struct http_client_request){.url = url},
 *                             task->deadline_ms, &response);
 *
 * By default a call goes only to addresses of the public internet (base/address.h) and to the
 * allowed networks: the address is checked when the socket is opened, after the name was resolved,
 * for every attempt. `trusted` lifts this for URLs that the operator configured, never
 * for those that a user supplied. Trusted calls share no connection with the others. They carry on
 * the trace that their fiber works for (net/spans.h).
 *
 * TLS certificates are always verified. No proxy (nor one that the environment names), cookie,
 * cache or content encoding is used. A request may be sent twice when the server closes a reused
 * connection without any answer, so what must happen once carries a key of its own.
 */
#ifndef SEBEZ_NET_HTTP_CLIENT_H
#define SEBEZ_NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "net/http.h"

struct http_client_options {
	struct networks allowed; /* also for calls that are not trusted */
	/* PEM; NULL: those of the system. Outlives the client, which reads it before the first call
	 * over https and again once a day, in a thread. */
	const char *ca_file;
};

/* Once per process, before the first call. -ENOMEM when libcurl cannot start. */
int http_client_start(const struct http_client_options *options)
    __attribute__((warn_unused_result));
/* Calls under way end with -ECANCELED, and so do later ones. Not from a fiber. */
void http_client_stop(void);

struct http_client_request {
	const char *method; /* NULL: GET */
	const char *url;    /* absolute, http or https, without user name; a Unicode host is fine */
	const struct http_header *headers;
	size_t header_count;
	const void
	    *body; /* needs a header Content-Type; stays where it is until the call returns */
	size_t body_length;
	size_t body_max; /* of the response; 0: LIMIT_CLIENT_BODY_BYTES */
	/* Takes the body of a response 200 piece by piece instead of `body`; those of others are
	 * dropped. Called from the loop, so it does not wait; -errno ends the call. */
	int (*take)(void *arg, const char *bytes, size_t length);
	void *take_arg;
	bool trusted;
	bool http2_only; /* from the first byte, also without TLS */
};

struct http_client_response {
	int status; /* 0 when the call failed */
	const char *body;
	size_t body_length; /* a 0 follows */
	const char *heads;  /* for http_client_header */
	size_t heads_length;
	/* Why the call failed, for logs: it tells about the inside of our network. "" when it did
	 * not. */
	const char *error;
};

/*
 * http_client_send: makes the call. Suspends the fiber, which must have no transaction open
 * (asserted).
 *
 *   deadline_ms  of the loop's clock, not 0; task->deadline_ms
 *   ret          set in any case; its texts live as long as the arena
 *
 * Returns 0 when there is a response, whatever its status is, or
 *   -EINVAL        the URL or a header is malformed, or the scheme is not http or https
 *   -EACCES        the host has a refused address and no other one accepts the connection
 *   -EHOSTUNREACH  the name is not known
 *   -ECONNREFUSED  nobody accepts the connection
 *   -EKEYREJECTED  the server's certificate is not good for the host, or ca_file has none
 *   -ETIMEDOUT     the deadline has passed, or no connection was made in LIMIT_CLIENT_CONNECT_MS
 *   -ECONNRESET    the connection ended before the response did
 *   -EMSGSIZE      the response is larger than its bound
 *   -EPROTO        what came is not HTTP
 *   -EAGAIN        LIMIT_CLIENT_CALLS or LIMIT_CLIENT_BODIES_BYTES is reached
 *   -ECANCELED     the client is stopped
 *   -ENOMEM
 */
int http_client_send(struct arena *arena, const struct http_client_request *request,
                     int64_t deadline_ms, struct http_client_response *ret)
    __attribute__((warn_unused_result));

enum http_client_outcome {
	HTTP_CLIENT_ANSWERED, /* 0, whatever the status is */
	HTTP_CLIENT_REFUSED,  /* -EACCES */
	HTTP_CLIENT_TIMED_OUT,
	HTTP_CLIENT_TURNED_AWAY, /* -EAGAIN */
	HTTP_CLIENT_FAILED,
	HTTP_CLIENT_OUTCOME_COUNT,
};
extern const char *const HTTP_CLIENT_OUTCOMES[HTTP_CLIENT_OUTCOME_COUNT]; /* names for metrics */

struct http_client_stats {
	unsigned calls; /* under way or waiting for a connection */
	uint64_t outcomes[HTTP_CLIENT_OUTCOME_COUNT];
};
struct http_client_stats http_client_stats(void);

/*
 * http_client_redirect: where a response leads. Calls follow no redirect; a caller that does makes
 * a call of its own for each, at most LIMIT_CLIENT_REDIRECTS, and gives what is meant for one
 * origin to no other.
 *
 *   url  that was asked
 *   ret  set in any case
 *
 * Returns 0, -EINVAL when it leads to a malformed URL or one that is not http or https, -EACCES
 * when it leads from https to http, or -ENOMEM.
 */
struct http_client_redirect {
	const char *url;   /* for the next call; NULL: the response is no redirect */
	const char *host;  /* of it, in lower case; with the port unless that is 80 or 443 */
	bool leaves;       /* to another origin: the scheme, the host or the port differs */
	const char *error; /* why it failed; "" when it did not */
};
int http_client_redirect(struct arena *arena, const char *url,
                         const struct http_client_response *response,
                         struct http_client_redirect *ret) __attribute__((warn_unused_result));

/* The value of the first header of that name in any case; NULL when there is none. */
const char *http_client_header(const struct http_client_response *response, const char *name);
/* The value of Retry-After, seconds or a date, at most a day; negative when there is none. */
int64_t http_client_retry_after_ms(const struct http_client_response *response, int64_t now_s);

#endif
