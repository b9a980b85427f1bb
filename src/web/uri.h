/*
 * uri: percent-encoding, decoded strictly (RFC 3986). Anything that decodes to NUL or to invalid
 * UTF-8 is refused, so that callers need not handle either.
 */
#ifndef SEBEZ_WEB_URI_H
#define SEBEZ_WEB_URI_H

#include <stdbool.h>
#include <stddef.h>

struct uri_pair {
	const char *name, *value; /* still encoded, not ended by 0 */
	size_t name_length, value_length;
};

/*
 * Decodes `length` bytes into ret (room for length + 1) and ends it with 0.
 * form: '+' is a space, as in a query. Otherwise, in a path, "%2F" is refused: a slash inside a
 * segment means different things to different proxies.
 */
bool uri_decode(const char *text, size_t length, bool form, char *ret)
    __attribute__((warn_unused_result));

/* The next name=value of a query; advances *at. False at the end. Empty pairs are skipped. */
bool uri_next_pair(const char **at, struct uri_pair *ret);
bool uri_is_named(const struct uri_pair *pair, const char *name);
/* The first pair of that name. */
bool uri_find(const char *query, const char *name, struct uri_pair *ret);

#endif
