#include "web/origin.h"

#include <assert.h>
#include <string.h>

static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz";

/* Length of the prefix of `text` that consists of these characters and those of `more`. */
static size_t span(const char *text, size_t length, const char *more)
{
	size_t at = 0;

	while (at < length && (strchr(LOWER, text[at]) != NULL || strchr(more, text[at]) != NULL))
		at++;
	return at;
}

static bool is_port(const char *scheme, const char *digits, size_t length)
{
	unsigned long port = 0;

	for (size_t i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned long)(digits[i] - '0');
	}
	bool is_default = (strncmp(scheme, "http:", 5) == 0 && port == 80) ||
	                  (strncmp(scheme, "https:", 6) == 0 && port == 443);

	return digits[0] != '0' && port >= 1 && port <= 65535 && !is_default;
}

static bool is_origin(const char *text, size_t length)
{
	size_t at = span(text, length, "0123456789+-.");

	if (at == 0 || text[0] < 'a' || length - at < 4 || strncmp(text + at, "://", 3) != 0)
		return false;
	at += 3;
	bool is_v6 = text[at] == '[';
	size_t host = is_v6 ? 1 + span(text + at + 1, length - at - 1, "0123456789:")
	                    : span(text + at, length - at, "0123456789-._");

	if (host <= (is_v6 ? 1 : 0))
		return false;
	at += host;
	if (is_v6 && (at == length || text[at++] != ']'))
		return false;
	return at == length || (text[at] == ':' && length - at > 1 &&
	                        is_port(text, text + at + 1, length - at - 1));
}

/* The next item of a list; NULL at its end. */
static const char *next_item(const char *at, size_t *ret_length)
{
	at += strspn(at, " ");
	*ret_length = strcspn(at, " ");
	return *ret_length > 0 ? at : NULL;
}

bool origins_are_good(const char *list)
{
	size_t count = 0, length;

	if (strlen(list) > ORIGINS_BYTES)
		return false;
	for (const char *at = list; (at = next_item(at, &length)) != NULL; at += length)
		if (++count > ORIGINS_MAX || !is_origin(at, length))
			return false;
	return true;
}

static struct {
	unsigned count;
	const char *items[ORIGINS_MAX + 1]; /* 1-based */
	char text[ORIGINS_BYTES + 1];
} origins;

void origins_set(const char *list)
{
	size_t length;

	assert(origins_are_good(list));
	strcpy(origins.text, list);
	origins.count = 0;
	for (char *at = origins.text; next_item(at, &length) != NULL; at += length) {
		at += strspn(at, " ");
		assert(origins.count < ORIGINS_MAX);
		origins.items[++origins.count] = at;
		if (at[length] != '\0')
			at[length++] = '\0';
	}
}

unsigned origin_of(const struct http_exchange *ex)
{
	const char *origin = origins.count > 0 ? http_header(ex, "Origin") : NULL;

	for (unsigned i = 1; origin != NULL && i <= origins.count; i++)
		if (strcmp(origin, origins.items[i]) == 0)
			return i;
	return 0;
}

/* Response headers that a script may read besides the default ones. tests/wire/test_browsers.py
 * compares both lists with the contract. */
static const char EXPOSED[] = "Accept-Ranges, Allow, Content-Disposition, Content-Range, Date, "
                              "ETag, Idempotent-Replayed, Location, "
                              "RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, "
                              "X-Cart-Token, X-Request-Id";

size_t origin_headers(unsigned origin, struct http_header ret[ORIGIN_HEADERS])
{
	size_t count = 0;

	assert(origin <= origins.count);
	if (origins.count > 0)
		ret[count++] = (struct http_header){"Vary", "Origin"};
	if (origin > 0) {
		ret[count++] =
		    (struct http_header){"Access-Control-Allow-Origin", origins.items[origin]};
		ret[count++] = (struct http_header){"Access-Control-Expose-Headers", EXPOSED};
	}
	assert(count <= ORIGIN_HEADERS);
	return count;
}

const struct http_header ORIGIN_PREFLIGHT[ORIGIN_PREFLIGHT_HEADERS] = {
    {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"},
    {"Access-Control-Allow-Headers",
     "Accept-Language, Authorization, Cache-Control, Content-Type, "
     "Idempotency-Key, If-Match, If-None-Match, "
     "Last-Event-ID, Traceparent, X-Cart-Token, X-Proof, X-Request-Id"},
    {"Access-Control-Max-Age", "7200"}, /* the maximum that browsers honour */
};

bool origin_asks_first(const struct http_exchange *ex, unsigned origin)
{
	return origin > 0 && strcmp(http_method(ex), "OPTIONS") == 0 &&
	       http_header(ex, "Access-Control-Request-Method") != NULL;
}
