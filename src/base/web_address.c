#include "base/web_address.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/host.h"

static const char NOT_WEB[] = "must be an http or https address";
static const char NOT_HTTPS[] = "must be an https address";
static const char CREDENTIALS[] = "must have no user name or password";
static const char NOT_PUBLIC[] = "must have a host of the public internet";

enum { PORT_DIGITS = 5, PORT_MAX = 65535 };

static bool has_blank(const char *text)
{
	for (; *text != 0; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

static bool is_port(const char *text, size_t length)
{
	return length <= PORT_DIGITS && strspn(text, "0123456789") >= length &&
	       (length == 0 || atoi(text) <= PORT_MAX);
}

/* The host of the authority, as ASCII. */
static bool read_host(const char *authority, size_t length, char ret[HOST_SIZE])
{
	size_t end = 0;

	if (authority[0] == '[') {
		const char *close = memchr(authority, ']', length);

		if (close == NULL || close - authority >= HOST_SIZE - 1)
			return false;
		end = (size_t)(close - authority) + 1;
		memcpy(ret, authority, end);
		ret[end] = 0;
	} else {
		end = strcspn(authority, ":/?#");
		if (!host_ascii(authority, end, ret))
			return false;
	}
	assert(end <= length); /* the characters that end it are among those that end a host */
	return end == length ||
	       (authority[end] == ':' && is_port(authority + end + 1, length - end - 1));
}

static bool is_allowed(const char *host, const struct networks *allowed)
{
	struct address address;

	return allowed != NULL && host_address(host, &address) && networks_have(allowed, &address);
}

/* The host as ASCII; returns as web_address_wrong(). */
static const char *parse(const char *text, char host[HOST_SIZE])
{
	size_t scheme = strncasecmp(text, "https://", 8) == 0  ? 8
	                : strncasecmp(text, "http://", 7) == 0 ? 7
	                                                       : 0;

	/* Browsers treat a backslash as a slash. */
	if (scheme == 0 || has_blank(text) || strpbrk(text, "\"<>\\") != NULL)
		return NOT_WEB;
	const char *authority = text + scheme;
	size_t length = strcspn(authority, "/?#");

	if (memchr(authority, '@', length) != NULL)
		return CREDENTIALS;
	return read_host(authority, length, host) ? NULL : NOT_WEB;
}

const char *web_address_wrong(const char *text, const struct networks *allowed)
{
	char host[HOST_SIZE];
	const char *wrong = parse(text, host);

	if (wrong != NULL)
		return wrong;
	return host_is_public(host) || is_allowed(host, allowed) ? NULL : NOT_PUBLIC;
}

const char *web_address_insecure(const char *text, const struct networks *allowed)
{
	char host[HOST_SIZE];
	const char *wrong = web_address_wrong(text, allowed);

	if (wrong != NULL)
		return wrong;
	wrong = parse(text, host);
	assert(wrong == NULL);
	return strncasecmp(text, "https:", 6) == 0 || is_allowed(host, allowed) ? NULL : NOT_HTTPS;
}
