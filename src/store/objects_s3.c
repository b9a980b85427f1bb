#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/s3_internal.h"

enum {
	CALL_ARENA_BYTES = 4 * 1024 * 1024,  /* responses of all attempts of one call */
	LIST_BYTES = 1024 * 1024,            /* of a page: 1,000 keys of 200 bytes and their XML */
	PAGE_ARENA_BYTES = 16 * 1024 * 1024, /* a page, its attempts and its entries */
};

size_t s3_object_headers(const struct s3 *s3, const char *key,
                         struct sigv4_pair ret[S3_OBJECT_HEADERS_MAX])
{
	size_t count = 0;

	ret[count++] = (struct sigv4_pair){"content-type", object_content_type(key)};
	if (strncmp(key, OBJECTS_PUBLIC, strlen(OBJECTS_PUBLIC)) == 0)
		ret[count++] = (struct sigv4_pair){"cache-control", OBJECTS_PUBLIC_CACHE};
	else
		ret[count++] = (struct sigv4_pair){"cache-control", OBJECTS_PRIVATE_CACHE};
	if (!object_is_shown(key))
		ret[count++] = (struct sigv4_pair){"content-disposition", "attachment"};
	if (s3->settings->encryption[0] != 0)
		ret[count++] =
		    (struct sigv4_pair){"x-amz-server-side-encryption", s3->settings->encryption};
	return count;
}

int s3_expect_success(int rc, const struct http_client_response *response)
{
	if (rc < 0)
		return rc;
	if (response->status == 404)
		return -ENOENT;
	return response->status < 300 ? 0 : -EIO;
}

/* A call whose response is only judged. */
static int call_once(struct s3 *s3, const struct s3_call *call, int64_t deadline_ms)
{
	struct arena *arena = arena_new(CALL_ARENA_BYTES, NULL, NULL);
	struct http_client_response response;
	int rc = s3_expect_success(s3_send(s3, arena, call, deadline_ms, &response), &response);

	arena_free(arena);
	return rc;
}

static bool parse_bytes(const char *text, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == 0 && *ret >= 0;
}

/* Content-Range: bytes 0-99/1000, or bytes * / 1000 (without blanks) beyond the end. */
static bool parse_total(const struct http_client_response *response, int64_t *ret)
{
	const char *range = http_client_header(response, "content-range");
	const char *slash = range == NULL ? NULL : strrchr(range, '/');

	return slash != NULL && parse_bytes(slash + 1, ret);
}

/* At or beyond the end. Not every store says where that is, but who has answered. */
static bool is_invalid_range(struct arena *arena, const struct http_client_response *response)
{
	const char *code = response->status == 416
	                       ? s3_xml_text(arena, response->body, response->body_length, "Code")
	                       : NULL;

	return code != NULL && strcmp(code, "InvalidRange") == 0;
}

static int send_get(struct s3 *s3, struct arena *arena, const char *key, int64_t offset,
                    size_t length_max, int64_t deadline_ms, struct http_client_response *ret)
{
	const struct sigv4_pair range = {"range",
	                                 arena_printf(arena, "bytes=%" PRId64 "-%" PRId64, offset,
	                                              offset + (int64_t)length_max - 1)};
	const struct s3_call call = {.method = "GET",
	                             .key = key,
	                             .headers = &range,
	                             .header_count = 1,
	                             .body_max = length_max};

	return s3_send(s3, arena, &call, deadline_ms, ret);
}

static int get(void *store, struct arena *arena, const char *key, int64_t offset, size_t length_max,
               int64_t deadline_ms, struct object_piece *ret)
{
	struct http_client_response response;
	int rc = send_get(store, arena, key, offset, length_max, deadline_ms, &response);
	bool at_end = rc == 0 && response.status == 416, is_said;

	*ret = (struct object_piece){"", 0, 0};
	if (at_end && offset > 0 && !parse_total(&response, &ret->total) &&
	    is_invalid_range(arena, &response))
		rc = send_get(store, arena, key, 0, 1, deadline_ms, &response);
	if (rc < 0)
		return rc;
	if (response.status == 404)
		return -ENOENT;
	is_said = parse_total(&response, &ret->total);
	if (response.status == 416 && (is_said || is_invalid_range(arena, &response)))
		return 0; /* where that is not said it is at 0: another piece was asked for */
	if (response.status != 206 || !is_said)
		return s3_nonsense(store, "S3 answered without a range");
	if (!at_end) {
		ret->bytes = response.body;
		ret->length = response.body_length;
	}
	return 0;
}

/* By GET: an answer to HEAD has no body that says who it is from (is_gone() in s3_call.c). */
static int head(void *store, const char *key, int64_t deadline_ms, int64_t *ret_bytes)
{
	struct arena *arena = arena_new(CALL_ARENA_BYTES, NULL, NULL);
	struct object_piece piece;
	int rc = get(store, arena, key, 0, 1, deadline_ms, &piece);

	if (rc == 0)
		*ret_bytes = piece.total;
	arena_free(arena);
	return rc;
}

/* S3 copies up to 5 GB in one call, which is more than any object of ours. */
static int copy(void *store, const char *from, const char *to, int64_t deadline_ms)
{
	struct s3 *s3 = store;
	char source[OBJECT_KEY_MAX + 128];
	struct sigv4_pair headers[S3_OBJECT_HEADERS_MAX + 2];
	struct s3_call call = {.method = "PUT", .key = to, .headers = headers};

	snprintf(source, sizeof(source), "/%s/%s", s3->settings->bucket, from);
	call.header_count = s3_object_headers(s3, to, headers);
	headers[call.header_count++] = (struct sigv4_pair){"x-amz-copy-source", source};
	headers[call.header_count++] = (struct sigv4_pair){"x-amz-metadata-directive", "REPLACE"};
	return call_once(s3, &call, deadline_ms);
}

static int remove_object(void *store, const char *key, int64_t deadline_ms)
{
	const struct s3_call call = {.method = "DELETE", .key = key};
	int rc = call_once(store, &call, deadline_ms);

	return rc == -ENOENT ? 0 : rc;
}

static int list_page(struct s3 *s3, struct arena *arena, const char *prefix, const char *after,
                     size_t count_max, int64_t deadline_ms, size_t *ret_count,
                     struct object_entry **ret, bool *ret_more)
{
	const struct sigv4_pair query[] = {
	    {"list-type", "2"},
	    {"max-keys", arena_printf(arena, "%zu", count_max)},
	    {"prefix", prefix},
	    {"start-after", after},
	};
	const struct s3_call call = {.method = "GET",
	                             .key = "",
	                             .query = query,
	                             .query_count = sizeof(query) / sizeof(query[0]),
	                             .body_max = LIST_BYTES};
	struct http_client_response response;
	int rc = s3_expect_success(s3_send(s3, arena, &call, deadline_ms, &response), &response);

	/* A page of nothing that says that there is more would be asked for again and again. */
	if (rc == 0 && (s3_xml_list(arena, response.body, response.body_length, count_max,
	                            ret_count, ret, ret_more) < 0 ||
	                (*ret_more && *ret_count == 0)))
		rc = s3_nonsense(s3, "S3 answered with something else than a list");
	return rc;
}

/* S3 may answer with fewer than were asked for, and says that there are more. */
static int list(void *store, struct arena *arena, const char *prefix, const char *after,
                size_t count_max, int64_t deadline_ms, size_t *ret_count, struct object_entry **ret)
{
	struct object_entry *entries = arena_array(arena, count_max, sizeof(entries[0]));
	size_t count = 0;
	bool more = true;
	int rc = 0;

	while (rc == 0 && more && count < count_max) {
		struct arena *page = arena_new(PAGE_ARENA_BYTES, NULL, NULL);
		struct object_entry *found;
		size_t found_count = 0;

		rc = list_page(store, page, prefix, count > 0 ? entries[count - 1].key : after,
		               count_max - count, deadline_ms, &found_count, &found, &more);
		for (size_t i = 0; rc == 0 && i < found_count; i++) {
			entries[count] = found[i];
			entries[count++].key = arena_strdup(arena, found[i].key);
		}
		arena_free(page);
	}
	assert(count <= count_max);
	*ret_count = count;
	*ret = entries;
	return rc;
}

static int presign(void *store, struct arena *arena, const char *origin, const char *key,
                   int64_t bytes, int64_t expires_s, int64_t deadline_ms, const char **ret_url)
{
	struct s3 *s3 = store;
	const struct sigv4_pair headers[] = {
	    {"content-length", arena_printf(arena, "%" PRId64, bytes)},
	    {"content-type", object_content_type(key)},
	};
	struct sigv4_call call = {
	    .method = bytes >= 0 ? "PUT" : "GET",
	    .region = s3->settings->region,
	    .host = strstr(s3->public_origin, "://") + 3,
	    .path = arena_printf(arena, "%s%s", s3->prefix, key),
	    .headers = headers,
	    .header_count = bytes >= 0 ? 2 : 0,
	    .at_us = clock_now_us(),
	};
	struct sigv4_keys keys;
	const char *why;

	(void)origin;
	if (s3_credentials_get(s3->credentials, arena, deadline_ms, &keys, &why) < 0) {
		outage_on(&s3->outages[OBJECT_READ], "objects", why);
		return -EACCES;
	}
	keys.day = &s3->day;
	*ret_url = arena_printf(arena, "%s%s", s3->public_origin,
	                        sigv4_presign(arena, &keys, &call, expires_s));
	return 0;
}

static const char *url(const void *store, struct arena *arena, const char *origin, const char *key)
{
	const struct s3 *s3 = store;

	(void)origin;
	return arena_printf(arena, "%s%s%s", s3->public_origin, s3->prefix, key);
}

static void close_bucket(void *store)
{
	struct s3 *s3 = store;

	s3_credentials_free(s3->credentials);
	free(s3->origin);
	free(s3->public_origin);
	free(s3->prefix);
	free(s3);
}

/* https://bucket.host, or https://host when the bucket is in the path. NULL: no memory. */
static char *origin_of(const struct objects_settings *settings, const char *endpoint)
{
	const char *bucket = settings->path_style ? "" : settings->bucket;
	const char *dot = settings->path_style ? "" : ".";
	const char *host = strstr(endpoint, "://");
	char *origin;
	int length;

	if (host == NULL)
		length = asprintf(&origin, "https://%s%ss3.%s.amazonaws.com", bucket, dot,
		                  settings->region);
	else
		length = asprintf(&origin, "%.*s%s%s%s", (int)(host + 3 - endpoint), endpoint,
		                  bucket, dot, host + 3);
	return length < 0 ? NULL : origin;
}

static int open_bucket(const struct objects_settings *settings, void **ret)
{
	struct s3 *s3 = calloc(1, sizeof(*s3));

	if (s3 == NULL)
		return -ENOMEM;
	s3->settings = settings;
	s3->credentials = s3_credentials_new(settings->access_key, settings->secret_key);
	s3->origin = origin_of(settings, settings->endpoint);
	s3->public_origin =
	    origin_of(settings, settings->public_endpoint[0] != '\0' ? settings->public_endpoint
	                                                             : settings->endpoint);
	if (s3->credentials == NULL || s3->origin == NULL || s3->public_origin == NULL ||
	    asprintf(&s3->prefix, "/%s%s", settings->path_style ? settings->bucket : "",
	             settings->path_style ? "/" : "") < 0) {
		close_bucket(s3);
		return -ENOMEM;
	}
	*ret = s3;
	return 0;
}

static bool is_up(const void *store)
{
	return object_outages_none(((const struct s3 *)store)->outages);
}

const struct object_backend S3_BACKEND = {
    .open = open_bucket,
    .close = close_bucket,
    .put = s3_put,
    .get = get,
    .head = head,
    .copy = copy,
    .remove = remove_object,
    .list = list,
    .presign = presign,
    .url = url,
    .is_up = is_up,
};
