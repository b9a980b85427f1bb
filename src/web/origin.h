/*
 * origin: which pages of other origins may call (SEBEZ_ORIGINS), said as CORS says it (the Fetch
 * standard). Whoever is not named gets the same answers without these headers, so that a browser
 * keeps them from its page; nothing is refused for an origin. No credentials are allowed: ours are
 * tokens that a page sends by itself, and there are no cookies.
 */
#ifndef SEBEZ_WEB_ORIGIN_H
#define SEBEZ_WEB_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "net/http.h"

enum {
	ORIGINS_MAX = 32,
	ORIGINS_BYTES = 2000,
	ORIGIN_HEADERS = 3,
	ORIGIN_PREFLIGHT_HEADERS = 3,
};

/* Origins as browsers send them, with blanks between: scheme://host[:port] in lower case, without a
 * path and without the scheme's own port. */
bool origins_are_good(const char *list);
void origins_set(const char *list); /* a good one; copied */

/* The number of the request's origin in the list, from 1; 0: it has none, or another one. */
unsigned origin_of(const struct http_exchange *ex);

/* What every answer to that origin says; returns how many. Values live for the process. */
size_t origin_headers(unsigned origin, struct http_header ret[ORIGIN_HEADERS]);

/* Whether a browser asks what a page of that origin may send. */
bool origin_asks_first(const struct http_exchange *ex, unsigned origin);
extern const struct http_header ORIGIN_PREFLIGHT[ORIGIN_PREFLIGHT_HEADERS];

#endif
