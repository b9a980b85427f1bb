#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "net/http_client_internal.h"

/* Bytes of response bodies that are being received; their buffers may be twice as large. */
static size_t bodies_bytes;

/* Receiving. */

void http_transfer_fail(struct http_transfer *transfer, int result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(transfer->error, sizeof(transfer->error), format, arguments);
	va_end(arguments);
	transfer->result = result;
}

/* A 0 always follows the text. */
static bool append(struct http_text *text, const char *bytes, size_t count)
{
	if (text->length + count >= text->room) {
		size_t room = text->room < 1024 ? 1024 : text->room;

		while (text->length + count >= room)
			room *= 2;
		char *data = realloc(text->data, room);
		if (data == NULL)
			return false;
		text->data = data;
		text->room = room;
	}
	memcpy(text->data + text->length, bytes, count);
	text->length += count;
	assert(text->length < text->room);
	text->data[text->length] = 0;
	return true;
}

/* At once, so that other transfers can use the bytes before libcurl reports the end. */
static void drop_body(struct http_transfer *transfer)
{
	assert(bodies_bytes >= transfer->body.length);
	bodies_bytes -= transfer->body.length;
	free(transfer->body.data);
	transfer->body = (struct http_text){0};
}

static int give(struct http_transfer *transfer, const char *bytes, size_t count)
{
	long status = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? transfer->take(transfer->take_arg, bytes, count) : 0;
}

static size_t give_away(struct http_transfer *transfer, const char *bytes, size_t count)
{
	int rc;

	assert(transfer->taken <= transfer->body_max);
	if (count > transfer->body_max - transfer->taken) {
		http_transfer_fail(transfer, -EMSGSIZE, "The body is larger than %zu bytes",
		                   transfer->body_max);
		return CURL_WRITEFUNC_ERROR;
	}
	transfer->taken += count;
	rc = give(transfer, bytes, count);
	if (rc < 0)
		http_transfer_fail(transfer, rc, "The body cannot be kept: %s", strerror(-rc));
	return rc < 0 ? CURL_WRITEFUNC_ERROR : count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;

	assert(transfer->body.length <= transfer->body_max);
	count *= size;
	if (transfer->take != NULL)
		return give_away(transfer, bytes, count);
	if (count > transfer->body_max - transfer->body.length)
		http_transfer_fail(transfer, -EMSGSIZE, "The body is larger than %zu bytes",
		                   transfer->body_max);
	else if (bodies_bytes + count > LIMIT_CLIENT_BODIES_BYTES)
		http_transfer_fail(transfer, -EAGAIN, "Too many bodies arrive at once");
	else if (!append(&transfer->body, bytes, count))
		http_transfer_fail(transfer, -ENOMEM, "No memory");
	if (transfer->result != 0) {
		drop_body(transfer);
		return CURL_WRITEFUNC_ERROR;
	}
	bodies_bytes += count;
	return count;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "Name: value\r\n" */
static bool keep_header(struct http_text *head, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	const char *end = line + length;

	if (colon == NULL || is_blank(line[0])) /* nobody continues lines any more */
		return true;
	const char *value = colon + 1;

	while (value < end && is_blank(*value))
		value++;
	while (end > value && is_blank(end[-1]))
		end--;
	return append(head, line, (size_t)(colon - line)) && append(head, "", 1) &&
	       append(head, value, (size_t)(end - value)) && append(head, "", 1);
}

/* libcurl 7.88 takes any number for HTTP/2. */
static void expect_status(struct http_transfer *transfer)
{
	long status = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->result == 0 && (status < 100 || status > 999))
		http_transfer_fail(transfer, -EPROTO, "status %ld", status);
}

/* Called for each header line: of interim responses, of the response, and of trailers. */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;

	count *= size;
	transfer->head_received += count;
	if (transfer->head_received > LIMIT_CLIENT_HEAD_BYTES) {
		http_transfer_fail(transfer, -EMSGSIZE, "The headers are larger than %d bytes",
		                   LIMIT_CLIENT_HEAD_BYTES);
	} else if (count > 5 && strncasecmp(line, "HTTP/", 5) == 0) {
		transfer->head_ended = false;
		transfer->head.length = 0;
		expect_status(transfer); /* already, so that libcurl drops the connection */
	} else if (count <= 2) {
		transfer->head_ended = true;
	} else if (!transfer->head_ended && !keep_header(&transfer->head, line, count)) {
		http_transfer_fail(transfer, -ENOMEM, "No memory");
	}
	return transfer->result == 0 ? count : CURL_WRITEFUNC_ERROR;
}

/* Connecting. */

static int on_resolver_start(void *resolver, void *reserved, void *arg)
{
	struct http_transfer *transfer = arg;

	(void)resolver;
	(void)reserved;
	transfer->resolving = true;
	return 0;
}

/* The one place where a connection begins, for each address of each attempt. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_transfer *transfer = arg;
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	(void)purpose;
	transfer->resolving = false;
	if (transfer->owner == NULL || !address_of(&to->addr, &address))
		return CURL_SOCKET_BAD;
	if (transfer->allowed != NULL && !address_is_public(&address) &&
	    !networks_have(transfer->allowed, &address)) {
		address_format(&address, text);
		snprintf(transfer->error, sizeof(transfer->error),
		         "%s is not on the public internet, nor in an allowed network", text);
		transfer->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
}

/* Sending. */

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	char *line = NULL;
	/* To libcurl "Name:" means to send no such header, and "Name;" one without a value. */
	int length =
	    value[0] == 0 ? asprintf(&line, "%s;", name) : asprintf(&line, "%s: %s", name, value);
	struct curl_slist *longer = length < 0 ? NULL : curl_slist_append(*list, line);

	free(length < 0 ? NULL : line);
	if (longer != NULL)
		*list = longer;
	return longer != NULL;
}

static bool make_headers(const struct http_client_request *request, struct curl_slist **ret)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* costs a round trip */
	/* libcurl takes a body for a form unless it is told otherwise. */
	struct curl_slist *longer = list == NULL ? NULL : curl_slist_append(list, "Content-Type:");
	bool good = longer != NULL;

	for (size_t i = 0; good && i < request->header_count; i++)
		good = add_header(&list, request->headers[i].name, request->headers[i].value);
	*ret = list;
	return good;
}

#define SET(option, value) (curl_easy_setopt(easy, CURLOPT_##option, value) == CURLE_OK)

static bool set_request(CURL *easy, const struct http_client_request *request)
{
	const char *method = request->method != NULL ? request->method : "GET";
	bool posts = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	             strcmp(method, "PATCH") == 0;

	if (strcmp(method, "HEAD") == 0)
		return SET(NOBODY, 1L);
	if (request->body_length == 0 && !posts)
		return strcmp(method, "GET") == 0 || SET(CUSTOMREQUEST, method);
	return SET(POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length) &&
	       SET(POSTFIELDS, request->body_length > 0 ? request->body : "") &&
	       SET(CUSTOMREQUEST, method);
}

/* Of what libcurl may do, only HTTP to the server that the URL names. It verifies certificates
 * unless it is told otherwise. */
static bool set_bounds(CURL *easy, const char *url)
{
	return SET(URL, url) && SET(PATH_AS_IS, 1L) && SET(PROTOCOLS_STR, "http,https") &&
	       SET(DISALLOW_USERNAME_IN_URL, 1L) && SET(PROXY, "") &&
	       SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       /* libcurl would read them on the loop, which stops it for 20 to 70 ms. */
	       SET(CAINFO, NULL) && SET(CAPATH, NULL) && SET(SSL_CTX_FUNCTION, trust_give) &&
	       SET(NOSIGNAL, 1L) &&
	       SET(QUICK_EXIT, 1L) && /* no wait for a thread that looks up a name */
	       SET(CONNECTTIMEOUT_MS, (long)LIMIT_CLIENT_CONNECT_MS) &&
	       SET(USERAGENT, "sebez/" SEBEZ_VERSION);
}

static bool set_callbacks(CURL *easy, struct http_transfer *transfer)
{
	return SET(PRIVATE, transfer) && SET(ERRORBUFFER, transfer->curl_error) &&
	       SET(WRITEFUNCTION, on_body) && SET(WRITEDATA, transfer) &&
	       SET(HEADERFUNCTION, on_header) && SET(HEADERDATA, transfer) &&
	       SET(OPENSOCKETFUNCTION, on_open_socket) && SET(OPENSOCKETDATA, transfer) &&
	       SET(RESOLVER_START_FUNCTION, on_resolver_start) &&
	       SET(RESOLVER_START_DATA, transfer);
}

/* With TLS the protocol is negotiated (ALPN). Until then, calls wait for the connection in
 * progress, as HTTP/2 multiplexes them all. */
static bool set_version(CURL *easy, const char *url, bool http2_only)
{
	bool may_share = http2_only || strncmp(url, "https:", 6) == 0;

	return SET(PIPEWAIT, (long)may_share) &&
	       SET(HTTP_VERSION, (long)(http2_only ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
	                                           : CURL_HTTP_VERSION_2TLS));
}

struct http_transfer *http_transfer_new(const struct http_client_request *request, const char *url)
{
	struct http_transfer *transfer = calloc(1, sizeof(*transfer));
	CURL *easy = curl_easy_init();

	if (transfer == NULL || easy == NULL) {
		free(transfer);
		curl_easy_cleanup(easy);
		return NULL;
	}
	list_init(&transfer->node);
	transfer->easy = easy;
	transfer->body_max = request->body_max != 0 ? request->body_max : LIMIT_CLIENT_BODY_BYTES;
	transfer->take = request->take;
	transfer->take_arg = request->take_arg;
	if (make_headers(request, &transfer->request_headers) &&
	    SET(HTTPHEADER, transfer->request_headers) && set_request(easy, request) &&
	    set_bounds(easy, url) && set_version(easy, url, request->http2_only) &&
	    set_callbacks(easy, transfer))
		return transfer;
	http_transfer_free(transfer);
	return NULL;
}

/* Ending. */

static int result_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_URL_MALFORMAT:
		return -EINVAL;
	case CURLE_COULDNT_RESOLVE_HOST:
		return -EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return -ECONNREFUSED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return -EKEYREJECTED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return -ECONNRESET;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EPROTO;
	}
}

static void drop_easy(struct http_transfer *transfer)
{
	assert(bodies_bytes >= transfer->body.length);
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->request_headers);
	transfer->easy = NULL;
	transfer->request_headers = NULL;
	bodies_bytes -= transfer->body.length;
}

void http_transfer_end(struct http_transfer *transfer, CURLcode code)
{
	long status = 0;

	assert(transfer->easy != NULL);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->result == 0 && transfer->refused && code == CURLE_COULDNT_CONNECT)
		transfer->result = -EACCES;
	else if (transfer->result == 0 && code != CURLE_OK)
		http_transfer_fail(transfer, result_of(code), "%s",
		                   transfer->curl_error[0] != 0 ? transfer->curl_error
		                                                : curl_easy_strerror(code));
	expect_status(transfer);
	transfer->status = transfer->result == 0 ? (int)status : 0;
	drop_easy(transfer);
}

void http_transfer_free(struct http_transfer *transfer)
{
	assert(list_is_empty(&transfer->node)); /* libcurl has it no longer */
	if (transfer->easy != NULL)
		drop_easy(transfer);
	free(transfer->head.data);
	free(transfer->body.data);
	free(transfer);
}
