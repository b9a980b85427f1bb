#include "net/http_client.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/http_client_internal.h"
#include "net/loop.h"
#include "net/spans.h"

static struct {
	bool started;
	struct http_client_options options;
	struct http_kind guarded, trusted;
	struct list_node transfers; /* that libcurl works at */
	uint64_t outcomes[HTTP_CLIENT_OUTCOME_COUNT];
} client;

const char *const HTTP_CLIENT_OUTCOMES[HTTP_CLIENT_OUTCOME_COUNT] = {
    [HTTP_CLIENT_ANSWERED] = "answered",   [HTTP_CLIENT_REFUSED] = "refused",
    [HTTP_CLIENT_TIMED_OUT] = "timed_out", [HTTP_CLIENT_TURNED_AWAY] = "turned_away",
    [HTTP_CLIENT_FAILED] = "failed",
};

/* Transfers. */

static unsigned *calls_of(struct http_transfer *transfer)
{
	return transfer->in_group ? &transfer->kind->group_calls : &transfer->kind->calls;
}

/* Detaches the transfer from libcurl. */
static void finish(struct http_transfer *transfer, CURLcode code)
{
	assert(*calls_of(transfer) > 0 && !list_is_empty(&transfer->node));
	http_multi_remove(transfer->kind->multi, transfer->easy);
	list_remove(&transfer->node);
	--*calls_of(transfer);
	http_transfer_end(transfer, code);
	if (transfer->owner != NULL)
		transfer->done(transfer, transfer->owner);
	else
		http_transfer_free(transfer);
}

static void on_done(CURL *easy, CURLcode code)
{
	char *transfer = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
	assert(transfer != NULL);
	finish((struct http_transfer *)(void *)transfer, code);
}

void http_call_abandon(struct http_transfer *transfer)
{
	assert(transfer->owner != NULL && transfer->easy != NULL);
	transfer->owner = NULL;
	if (!transfer->resolving)
		finish(transfer, CURLE_OPERATION_TIMEDOUT);
}

static bool is_full(const struct http_kind *kind, bool in_group)
{
	return in_group ? kind->group_calls >= LIMIT_CLIENT_GROUP_CALLS
	                : kind->calls >= LIMIT_CLIENT_CALLS;
}

static int begin(const struct http_client_request *request, const char *url,
                 struct http_transfer **ret, const struct http_transfer *form, const char **error)
{
	struct http_kind *kind = request->trusted ? &client.trusted : &client.guarded;
	struct http_transfer *transfer;
	bool over_tls = strncmp(url, "https:", 6) == 0;

	*error = "The certificates of the authorities cannot be read";
	if (client.started && over_tls && trust_prepare(client.options.ca_file) < 0)
		return -EKEYREJECTED;
	*error = "The client is stopped";
	if (!client.started)
		return -ECANCELED;
	*error = "Too many calls at once";
	if (is_full(kind, form->in_group))
		return -EAGAIN;
	*error = "No memory";
	transfer = http_transfer_new(request, url);
	if (transfer == NULL)
		return -ENOMEM;
	transfer->kind = kind;
	transfer->allowed = request->trusted ? NULL : &client.options.allowed;
	transfer->in_group = form->in_group;
	transfer->done = form->done;
	transfer->owner = form->owner;
	if (!http_multi_add(kind->multi, transfer->easy)) {
		http_transfer_free(transfer);
		return -ENOMEM;
	}
	++*calls_of(transfer);
	list_push_back(&client.transfers, &transfer->node);
	*ret = transfer;
	return 0;
}

/* Headers. */

/* Rejects line ends, so that a value cannot inject another header. */
static bool is_header(const struct http_header *header)
{
	for (const char *c = header->value; *c != 0; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	}
	return header->name[0] != 0 &&
	       strspn(header->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789-_") == strlen(header->name);
}

/* Calls. */

struct http_client_response http_call_response(const struct http_transfer *transfer)
{
	return (struct http_client_response){
	    .status = transfer->status,
	    .body = transfer->body.length > 0 ? transfer->body.data : "",
	    .body_length = transfer->body.length,
	    .heads = transfer->head.length > 0 ? transfer->head.data : "",
	    .heads_length = transfer->head.length,
	    .error = "",
	};
}

/* What the caller gave. */
static int read_request(const struct http_client_request *request, CURLU *url, const char **error)
{
	*error = "A header is malformed";
	for (size_t i = 0; i < request->header_count; i++) {
		if (!is_header(&request->headers[i]))
			return -EINVAL;
	}
	return http_url_read(url, request->url, CURLU_PATH_AS_IS, error);
}

/* `form` has what is to be known of the transfer; *ret belongs to libcurl until it is done. */
static int begin_call(const struct http_client_request *request, const struct http_transfer *form,
                      struct http_transfer **ret, const char **error)
{
	CURLU *url = curl_url();
	char *text = NULL;
	int rc = -ENOMEM;

	*error = "No memory";
	if (url != NULL)
		rc = read_request(request, url, error);
	if (rc == 0 && curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		rc = -ENOMEM;
	if (rc == 0)
		rc = begin(request, text, ret, form, error);
	curl_free(text);
	curl_url_cleanup(url);
	return rc;
}

int http_call_begin(const struct http_client_request *request, bool in_group,
                    http_transfer_done_fn *done, void *owner, struct http_transfer **ret,
                    const char **error)
{
	const struct http_transfer form = {.in_group = in_group, .done = done, .owner = owner};

	return begin_call(request, &form, ret, error);
}

static void wake_owner(struct http_transfer *transfer, void *co)
{
	(void)transfer;
	co_wake(co);
}

/* *ret belongs to the caller when it is not NULL. */
static int run(const struct http_client_request *request, int64_t deadline_ms,
               struct http_transfer **ret, const char **error)
{
	const struct http_transfer form = {.done = wake_owner, .owner = co_self()};
	struct http_transfer *transfer = NULL;
	int rc = begin_call(request, &form, &transfer, error);

	if (rc < 0)
		return rc;
	assert(transfer != NULL);
	while (transfer->easy != NULL) {
		if (co_wait(deadline_ms) < 0 && transfer->easy != NULL) {
			http_call_abandon(transfer);
			*error = "The deadline has passed";
			return -ETIMEDOUT;
		}
	}
	*error = transfer->error;
	*ret = transfer;
	return transfer->result;
}

static enum http_client_outcome outcome_of(int rc)
{
	switch (rc) {
	case 0:
		return HTTP_CLIENT_ANSWERED;
	case -EACCES:
		return HTTP_CLIENT_REFUSED;
	case -ETIMEDOUT:
		return HTTP_CLIENT_TIMED_OUT;
	case -EAGAIN:
		return HTTP_CLIENT_TURNED_AWAY;
	default:
		return HTTP_CLIENT_FAILED;
	}
}

void http_call_count(int result)
{
	client.outcomes[outcome_of(result)]++;
}

struct http_client_stats http_client_stats(void)
{
	struct http_client_stats stats = {.calls = client.guarded.calls + client.trusted.calls +
	                                           client.guarded.group_calls +
	                                           client.trusted.group_calls};

	memcpy(stats.outcomes, client.outcomes, sizeof(stats.outcomes));
	return stats;
}

static void free_transfer(void *transfer)
{
	http_transfer_free(transfer);
}

/* The trace is passed on to servers that the operator chose; others learn nothing about us. */
static struct http_client_request with_trace(struct arena *arena,
                                             const struct http_client_request *request,
                                             const struct trace *trace)
{
	struct http_client_request traced = *request;
	struct http_header *headers =
	    arena_array(arena, request->header_count + 1, sizeof(*headers));
	char *parent = arena_alloc(arena, TRACE_PARENT_TEXT + 1);

	if (request->header_count > 0)
		memcpy(headers, request->headers, request->header_count * sizeof(*headers));
	trace_format(trace, parent);
	headers[traced.header_count++] = (struct http_header){"traceparent", parent};
	traced.headers = headers;
	return traced;
}

/* The host alone: a path or a query may have secrets. */
static void record(const struct http_client_request *request, const struct trace *trace,
                   int64_t begin_us, int status, int rc)
{
	struct span span = {.trace = *trace,
	                    .kind = SPAN_CLIENT,
	                    .name = spans_method(request->method != NULL ? request->method : "GET"),
	                    .status = status,
	                    .duration_us = clock_monotonic_us() - begin_us};
	const char *host = strstr(request->url, "://");

	span.method = span.name;
	if (host != NULL && strcspn(host + 3, "/?#") < sizeof(span.detail))
		memcpy(span.detail, host + 3, strcspn(host + 3, "/?#"));
	if (rc < 0)
		span.error = HTTP_CLIENT_OUTCOMES[outcome_of(rc)];
	spans_add(&span);
}

int http_client_send(struct arena *arena, const struct http_client_request *request,
                     int64_t deadline_ms, struct http_client_response *ret)
{
	struct http_transfer *transfer = NULL;
	struct http_client_request sent = *request;
	const char *error = "";
	struct trace trace;
	int64_t begin_us = clock_monotonic_us();

	assert(co_self() != NULL && deadline_ms != 0);
	assert(!co_has_scarce()); /* no transaction is open meanwhile */
	if (spans_part(&trace) && request->trusted)
		sent = with_trace(arena, request, &trace);
	int rc = run(&sent, deadline_ms, &transfer, &error);

	http_call_count(rc);
	if (trace.known)
		record(request, &trace, begin_us, transfer != NULL ? transfer->status : 0, rc);
	*ret = (struct http_client_response){.body = "", .heads = "", .error = error};
	if (transfer != NULL) {
		if (rc == 0)
			*ret = http_call_response(transfer);
		arena_defer(arena, free_transfer, transfer);
	}
	return rc;
}

/* The process. */

static void close_all(void)
{
	assert(http_client_stats().calls == 0);
	http_multi_close(client.guarded.multi);
	http_multi_close(client.trusted.multi);
	trust_drop();
	curl_global_cleanup();
}

int http_client_start(const struct http_client_options *options)
{
	assert(!client.started);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	client.options = *options;
	list_init(&client.transfers);
	client.guarded = (struct http_kind){.multi = http_multi_open(on_done)};
	client.trusted = (struct http_kind){.multi = http_multi_open(on_done)};
	client.started = client.guarded.multi != NULL && client.trusted.multi != NULL;
	if (!client.started)
		close_all();
	return client.started ? 0 : -ENOMEM;
}

void http_client_stop(void)
{
	assert(co_self() == NULL);
	if (!client.started)
		return;
	client.started = false;
	for (struct list_node *node; (node = list_first(&client.transfers)) != NULL;) {
		struct http_transfer *transfer = CONTAINER_OF(node, struct http_transfer, node);

		http_transfer_fail(transfer, -ECANCELED, "The client is stopped");
		finish(transfer, CURLE_ABORTED_BY_CALLBACK);
	}
	close_all();
}
