#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/host.h"
#include "net/http_client_internal.h"

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

int http_url_read(CURLU *url, const char *text, unsigned flags, const char **error)
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

/* Redirects. */

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

static const char *text_of(struct arena *arena, CURLU *url, CURLUPart part)
{
	char *text = NULL;
	const char *kept = NULL;

	if (curl_url_get(url, part, &text, 0) == CURLUE_OK)
		kept = arena_strdup(arena, text);
	curl_free(text);
	return kept;
}

static const char *host_of(struct arena *arena, CURLU *url)
{
	const char *host = text_of(arena, url, CURLUPART_HOST);
	const char *port = text_of(arena, url, CURLUPART_PORT);
	char *name;

	if (host == NULL)
		return NULL;
	if (port == NULL || strcmp(port, "80") == 0 || strcmp(port, "443") == 0)
		name = arena_strdup(arena, host);
	else
		name = arena_printf(arena, "%s:%s", host, port);
	for (char *c = name; *c != 0; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	return name;
}

/* after: at first the URL that was asked. */
static int turn(struct arena *arena, CURLU *before, CURLU *after, const char *location,
                struct http_client_redirect *ret)
{
	int rc = http_url_read(after, location, CURLU_URLENCODE, &ret->error);

	if (rc == 0 && has_scheme(before, "https") && !has_scheme(after, "https")) {
		ret->error = "A redirect leads from https to http";
		rc = -EACCES;
	}
	if (rc < 0)
		return rc;
	ret->error = "No memory";
	ret->url = text_of(arena, after, CURLUPART_URL);
	ret->host = host_of(arena, after);
	ret->leaves = !is_same(before, after, CURLUPART_SCHEME) ||
	              !is_same(before, after, CURLUPART_HOST) ||
	              !is_same(before, after, CURLUPART_PORT);
	if (ret->url == NULL || ret->host == NULL)
		return -ENOMEM;
	ret->error = "";
	return 0;
}

int http_client_redirect(struct arena *arena, const char *url,
                         const struct http_client_response *response,
                         struct http_client_redirect *ret)
{
	const char *location = http_client_header(response, "Location");
	int status = response->status;
	CURLU *before, *after;
	int rc = -ENOMEM;

	*ret = (struct http_client_redirect){.error = ""};
	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		return 0;
	if (location == NULL)
		return 0;
	ret->error = "No memory";
	before = curl_url();
	if (before != NULL)
		rc = http_url_read(before, url, CURLU_PATH_AS_IS, &ret->error);
	after = rc == 0 ? curl_url_dup(before) : NULL;
	if (after != NULL)
		rc = turn(arena, before, after, location, ret);
	else if (rc == 0)
		rc = -ENOMEM;
	curl_url_cleanup(before);
	curl_url_cleanup(after);
	return rc;
}
