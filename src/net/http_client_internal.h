/*
 * http_client_internal: what http_client.c (calls), http_client_group.c (many of one fiber),
 * http_client_transfer.c (one request and its response), http_client_url.c (URLs and redirects) and
 * http_client_multi.c (libcurl on the loop) share; nobody else includes it.
 */
#ifndef SEBEZ_NET_HTTP_CLIENT_INTERNAL_H
#define SEBEZ_NET_HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>

#include "base/list.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/trust.h"

/* libcurl's multi handle on the loop: connections of its own, bounded by base/limits.h. */
struct http_multi;

typedef void http_multi_done_fn(CURL *easy, CURLcode code); /* takes the handle back out */

struct http_multi *http_multi_open(http_multi_done_fn *done); /* NULL: no memory */
void http_multi_close(struct http_multi *multi);              /* without handles; NULL is fine */
bool http_multi_add(struct http_multi *multi, CURL *easy);
void http_multi_remove(struct http_multi *multi, CURL *easy);

struct http_text {
	char *data; /* malloc; NULL while it is empty */
	size_t length;
	size_t room;
};

/* Calls of one kind and their connections. */
struct http_kind {
	struct http_multi *multi;
	unsigned calls, group_calls; /* including abandoned ones */
};

struct http_transfer;

/* Called once for a transfer that has not been abandoned, when libcurl has finished with it. */
typedef void http_transfer_done_fn(struct http_transfer *transfer, void *owner);

/*
 * One request and its response. While libcurl has its handle it is in the list of transfers; then
 * it belongs to its owner.
 */
struct http_transfer {
	struct list_node node;
	struct http_kind *kind;
	bool in_group;
	http_transfer_done_fn *done;
	void *owner; /* NULL: abandoned */
	CURL *easy;  /* NULL: it is done */
	struct curl_slist *request_headers;
	const struct networks *allowed; /* beside public addresses; NULL: any address */
	size_t body_max;
	int (*take)(void *arg, const char *bytes, size_t length); /* NULL: none */
	void *take_arg;
	size_t taken;          /* bytes, or dropped */
	size_t head_received;  /* bytes of all heads and trailers */
	struct http_text head; /* name, 0, value, 0, and so on */
	struct http_text body;
	bool head_ended;
	bool resolving; /* a thread is looking the name up and cannot be stopped */
	bool refused;   /* an address was */
	int result;     /* when it is done: 0 or -errno */
	int status;
	char error[256];
	char curl_error[CURL_ERROR_SIZE];
};

struct http_transfer *http_transfer_new(const struct http_client_request *request,
                                        const char *url); /* NULL: no memory */
/* Says why it ends, before libcurl does. */
void http_transfer_fail(struct http_transfer *transfer, int result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Takes what libcurl says about its end, and frees what only libcurl needs. */
void http_transfer_end(struct http_transfer *transfer, CURLcode code);
void http_transfer_free(struct http_transfer *transfer); /* it is not in the list */

/* Parses an absolute URL, or one relative to the handle's. 0; -EINVAL with the reason in *error. */
int http_url_read(CURLU *url, const char *text, unsigned flags, const char **error);

/* Calls. */

/* Begins a call; *ret belongs to libcurl until it is done. Suspends the
 * fiber when certificates must be read first. Returns the errors of http_client_send. */
int http_call_begin(const struct http_client_request *request, bool in_group,
                    http_transfer_done_fn *done, void *owner, struct http_transfer **ret,
                    const char **error);
/* The deadline has passed, or nobody wants the response. A name lookup continues in its thread; its
 * transfer keeps its slot until the lookup ends, so that there are never more threads than slots.
 */
void http_call_abandon(struct http_transfer *transfer);
struct http_client_response http_call_response(const struct http_transfer *transfer);
void http_call_count(int result);

#endif
