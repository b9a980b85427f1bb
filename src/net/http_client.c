#include "net/http_client.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/host.h"
#include "base/limits.h"
#include "net/http_client_internal.h"
#include "net/loop.h"

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

/* One request without redirects. */
static int begin(const struct http_client_request *request, const char *url, bool with_headers,
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
	transfer = http_transfer_new(request, url, with_headers);
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

static void wake_owner(struct http_transfer *transfer, void *co)
{
	(void)transfer;
	co_wake(co);
}

/* *ret belongs to the caller when it is not NULL. */
static int send_one(const struct http_client_request *request, const char *url, bool with_headers,
                    int64_t deadline_ms, struct http_transfer **ret, const char **error)
{
	const struct http_transfer form = {.done = wake_owner, .owner = co_self()};
	struct http_transfer *transfer;
	int rc = begin(request, url, with_headers, &transfer, &form, error);

	if (rc < 0)
		return rc;
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

/* URLs. */

/* libcurl takes names as ASCII or in the encoding of the locale. */
static bool make_host_ascii(CURLU *url)
{
	char ascii[HOST_SIZE], *host = NULL;
	bool good = curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
	bool is_ascii = true;

	for (const char *c = host; good && *c != 0; c++)
		is_ascii = is_ascii && (unsigned char)*c < 0x80;
	if (good && !is_ascii)
		good = host_ascii(host, strlen(host), ascii) &&
		       curl_url_set(url, CURLUPART_HOST, ascii, 0) == CURLUE_OK;
	curl_free(host);
	return good;
}

static bool has_scheme(CURLU *url, const char *wanted)
{
	char *scheme = NULL;
	bool has = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	           strcasecmp(scheme, wanted) == 0;

	curl_free(scheme);
	return has;
}

/* Parses an absolute URL, or one relative to the handle's. */
static int read_url(CURLU *url, const char *text, unsigned flags, const char **error)
{
	*error = "The URL is malformed";
	if (curl_url_set(url, CURLUPART_URL, text, flags | CURLU_DISALLOW_USER) != CURLUE_OK)
		return -EINVAL;
	*error = "The URL must be http or https";
	if (!has_scheme(url, "http") && !has_scheme(url, "https"))
		return -EINVAL;
	*error = "The URL has no good host name";
	return make_host_ascii(url) ? 0 : -EINVAL;
}

static bool is_same(CURLU *a, CURLU *b, CURLUPart part)
{
	char *of_a = NULL, *of_b = NULL;
	bool same = curl_url_get(a, part, &of_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	            curl_url_get(b, part, &of_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	            strcasecmp(of_a, of_b) == 0;

	curl_free(of_a);
	curl_free(of_b);
	return same;
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

const char *http_client_header(const struct http_client_response *response, const char *name)
{
	const char *end = response->heads + response->heads_length;

	for (const char *at = response->heads; at < end;) {
		const char *value = at + strlen(at) + 1;

		if (strcasecmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

/* Calls. */

struct call {
	const struct http_client_request *request;
	int64_t deadline_ms;
	CURLU *url;
	unsigned redirects;
	bool is_first_origin;
	struct http_transfer *transfer; /* the latest; owned */
	const char *error;
};

static void drop_transfer(struct call *call)
{
	if (call->transfer != NULL)
		http_transfer_free(call->transfer);
	call->transfer = NULL;
}

static int send_to_url(struct call *call)
{
	char *url = NULL;
	int rc;

	drop_transfer(call);
	call->error = "No memory";
	if (curl_url_get(call->url, CURLUPART_URL, &url, 0) != CURLUE_OK)
		return -ENOMEM;
	rc = send_one(call->request, url, call->is_first_origin, call->deadline_ms, &call->transfer,
	              &call->error);
	curl_free(url);
	return rc;
}

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

/* Target of the redirect; NULL when there is none, or the caller does not follow redirects. */
static const char *redirect_of(const struct call *call)
{
	const struct http_client_response response = http_call_response(call->transfer);
	int status = response.status;

	if (call->request->redirects_max == 0)
		return NULL;
	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		return NULL;
	return http_client_header(&response, "Location");
}

static int follow(struct call *call, const char *location)
{
	CURLU *before = curl_url_dup(call->url);
	int rc = before != NULL ? 0 : -ENOMEM;

	call->error = "Too many redirects";
	if (rc == 0 && call->redirects++ == call->request->redirects_max)
		rc = -ELOOP;
	if (rc == 0)
		rc = read_url(call->url, location, CURLU_URLENCODE, &call->error);
	if (rc == 0 && has_scheme(before, "https") && !has_scheme(call->url, "https")) {
		call->error = "A redirect leads from https to http";
		rc = -EACCES;
	}
	if (rc == 0)
		call->is_first_origin = call->is_first_origin &&
		                        is_same(before, call->url, CURLUPART_SCHEME) &&
		                        is_same(before, call->url, CURLUPART_HOST) &&
		                        is_same(before, call->url, CURLUPART_PORT);
	curl_url_cleanup(before);
	return rc;
}

/* What the caller gave. */
static int read_request(const struct http_client_request *request, CURLU *url, const char **error)
{
	*error = "A header is malformed";
	for (size_t i = 0; i < request->header_count; i++) {
		if (!is_header(&request->headers[i]))
			return -EINVAL;
	}
	return read_url(url, request->url, CURLU_PATH_AS_IS, error);
}

int http_call_begin(const struct http_client_request *request, bool in_group,
                    http_transfer_done_fn *done, void *owner, struct http_transfer **ret,
                    const char **error)
{
	const struct http_transfer form = {.in_group = in_group, .done = done, .owner = owner};
	CURLU *url = curl_url();
	char *text = NULL;
	int rc = -ENOMEM;

	*error = "No memory";
	if (url != NULL)
		rc = read_request(request, url, error);
	if (rc == 0 && curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		rc = -ENOMEM;
	if (rc == 0)
		rc = begin(request, text, true, ret, &form, error);
	curl_free(text);
	curl_url_cleanup(url);
	return rc;
}

static int run(struct call *call)
{
	const char *location;
	int rc = read_request(call->request, call->url, &call->error);

	if (rc == 0)
		rc = send_to_url(call);
	while (rc == 0 && (location = redirect_of(call)) != NULL) {
		rc = follow(call, location);
		if (rc == 0)
			rc = send_to_url(call);
	}
	return rc;
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

int http_client_send(struct arena *arena, const struct http_client_request *request,
                     int64_t deadline_ms, struct http_client_response *ret)
{
	struct call call = {.request = request,
	                    .deadline_ms = deadline_ms,
	                    .url = curl_url(),
	                    .is_first_origin = true};
	const char *method = request->method != NULL ? request->method : "GET";

	assert(co_self() != NULL && deadline_ms != 0);
	assert(!co_has_scarce()); /* no transaction is open meanwhile */
	assert(request->redirects_max <= LIMIT_CLIENT_REDIRECTS);
	assert(request->redirects_max == 0 || strcmp(method, "GET") == 0 ||
	       strcmp(method, "HEAD") == 0);
	int rc = call.url != NULL ? run(&call) : -ENOMEM;

	curl_url_cleanup(call.url);
	http_call_count(rc);
	*ret = (struct http_client_response){.body = "", .heads = "", .error = call.error};
	if (call.transfer != NULL) {
		if (rc == 0)
			*ret = http_call_response(call.transfer);
		arena_defer(arena, free_transfer, call.transfer);
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
