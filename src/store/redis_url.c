#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "store/redis_internal.h"

enum { DEFAULT_PORT = 6379 };

static char *copy_range(const char *from, const char *to)
{
	char *copy = strndup(from, (size_t)(to - from));
	assert(copy != NULL);
	return copy;
}

/* %40 is @. False when a percent sign does not begin an escape. */
static bool decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++, to++) {
		*to = *at;
		if (*at != '%')
			continue;
		int high = hex_digit(at[1]);
		int low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to = (char)(high << 4 | low);
		at += 2;
	}
	*to = '\0';
	return true;
}

/* [user]:password */
static int parse_login(const char *from, const char *to, struct redis_url *url)
{
	const char *colon = memchr(from, ':', (size_t)(to - from));

	if (colon == NULL)
		return -EINVAL;
	if (colon > from)
		url->user = copy_range(from, colon);
	if (url->user != NULL && !decode(url->user))
		return -EINVAL;
	url->password = copy_range(colon + 1, to);
	return decode(url->password) ? 0 : -EINVAL;
}

/* host, 1.2.3.4 or [::1], and :port */
static int parse_place(const char *from, const char *to, struct redis_url *url)
{
	const char *end = memchr(from, ':', (size_t)(to - from));

	if (*from == '[') {
		const char *bracket = memchr(from, ']', (size_t)(to - from));
		if (bracket == NULL || (bracket + 1 < to && bracket[1] != ':'))
			return -EINVAL;
		url->host = copy_range(from + 1, bracket);
		end = bracket + 1;
	} else {
		url->host = copy_range(from, end == NULL ? to : end);
	}
	url->port = DEFAULT_PORT;
	if (end != NULL && end < to) {
		char *rest;
		long port = strtol(end + 1, &rest, 10);
		if (rest != to || port <= 0 || port > 65535 || !isdigit((unsigned char)end[1]))
			return -EINVAL;
		url->port = (int)port;
	}
	return url->host[0] == '\0' ? -EINVAL : 0;
}

static int parse_tcp(const char *at, struct redis_url *url)
{
	const char *end = at + strcspn(at, "/?#");
	const char *sign = memrchr(at, '@', (size_t)(end - at));

	/* Only database 0 is supported: another one, or an option, must not be ignored silently. */
	if (*end != '\0' && strcmp(end, "/") != 0 && strcmp(end, "/0") != 0)
		return -EINVAL;
	if (sign != NULL) {
		int r = parse_login(at, sign, url);
		if (r < 0)
			return r;
		at = sign + 1;
	}
	return parse_place(at, end, url);
}

int redis_url_parse(const char *text, struct redis_url *ret)
{
	static const char UNIX[] = "unix:", TCP[] = "redis://";
	struct redis_url url = {0};
	int r = -EINVAL;

	if (strncmp(text, UNIX, strlen(UNIX)) == 0 && text[strlen(UNIX)] == '/') {
		url.path = copy_range(text + strlen(UNIX), text + strlen(text));
		r = 0;
	} else if (strncmp(text, TCP, strlen(TCP)) == 0) {
		r = parse_tcp(text + strlen(TCP), &url);
	}
	if (r < 0)
		redis_url_free(&url);
	else
		*ret = url;
	return r;
}

void redis_url_free(struct redis_url *url)
{
	if (url->password != NULL)
		sodium_memzero(url->password, strlen(url->password));
	free(url->password);
	free(url->user);
	free(url->path);
	free(url->host);
}

bool redis_url_is_good(const char *text)
{
	struct redis_url url;
	bool good = redis_url_parse(text, &url) == 0;

	if (good)
		redis_url_free(&url);
	return good;
}
