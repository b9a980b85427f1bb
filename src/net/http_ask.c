/* Accessors of a request. */
#include "net/http_internal.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

const char *http_method(const struct http_exchange *ex)
{
	return ex->method;
}

const char *http_path(const struct http_exchange *ex)
{
	return ex->path;
}

const char *http_query(const struct http_exchange *ex)
{
	return ex->query;
}

const char *http_header(const struct http_exchange *ex, const char *name)
{
	if (ex->connection == NULL)
		return NULL;
	return MHD_lookup_connection_value(ex->connection, MHD_HEADER_KIND, name);
}

struct lines {
	const char *name;
	http_line_fn *see;
	void *arg;
};

static enum MHD_Result see_line(void *arg, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
	(void)kind;
	const struct lines *lines = arg;

	if (strcasecmp(name, lines->name) == 0)
		lines->see(lines->arg, value);
	return MHD_YES;
}

void http_header_each(const struct http_exchange *ex, const char *name, http_line_fn *see,
                      void *arg)
{
	struct lines lines = {name, see, arg};

	if (ex->connection != NULL)
		(void)MHD_get_connection_values(ex->connection, MHD_HEADER_KIND, see_line, &lines);
}

static void take(void *arg, const char *value)
{
	const char **last = arg;

	*last = value;
}

const char *http_header_last(const struct http_exchange *ex, const char *name)
{
	const char *last = NULL;

	http_header_each(ex, name, take, (void *)&last);
	return last;
}

static void count(void *arg, const char *value)
{
	(void)value;
	++*(int *)arg;
}

bool http_header_repeated(const struct http_exchange *ex, const char *name)
{
	int lines = 0;

	http_header_each(ex, name, count, &lines);
	return lines > 1;
}

static void write_peer(struct http_exchange *ex)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(ex->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
	const void *bytes = NULL;
	int family = address != NULL ? address->sa_family : AF_UNSPEC;

	if (family == AF_INET)
		bytes = &((const struct sockaddr_in *)address)->sin_addr;
	if (family == AF_INET6) {
		const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
		bool is_mapped = IN6_IS_ADDR_V4MAPPED(v6);
		bytes = is_mapped ? (const void *)&v6->s6_addr[12] : v6;
		family = is_mapped ? AF_INET : AF_INET6;
	}
	if (bytes == NULL || inet_ntop(family, bytes, ex->peer, sizeof(ex->peer)) == NULL)
		memcpy(ex->peer, "unix", 5);
}

const char *http_peer(const struct http_exchange *ex)
{
	if (ex->peer[0] == '\0' && ex->connection != NULL)
		write_peer((struct http_exchange *)ex); /* written once, on demand */
	return ex->peer;
}

const char *http_body(const struct http_exchange *ex, size_t *ret_length)
{
	*ret_length = ex->body_length;
	return ex->body != NULL ? ex->body : "";
}

void http_set_context(struct http_exchange *ex, void *context)
{
	ex->context = context;
}

void *http_context(const struct http_exchange *ex)
{
	return ex->context;
}
