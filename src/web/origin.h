/*
 * origin: CORS (the Fetch standard) for the origins in SEBEZ_ORIGINS. Other origins get the same
 * responses without CORS headers, so that a browser hides them from its page; no request is refused
 * because of its origin. Credentials mode is not allowed: pages send tokens explicitly, and there
 * are no cookies.
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

/* Checks a list of origins as browsers send them, separated by spaces: scheme://host[:port] in
 * lower case, without a path and without the scheme's default port. */
bool origins_are_good(const char *list);
void origins_set(const char *list); /* a valid list; copied */

/* The 1-based index of the request's origin in the list; 0: none, or not listed. */
unsigned origin_of(const struct http_exchange *ex);

/* Headers of every response to that origin; returns how many. Values live as long as the process.
 * */
size_t origin_headers(unsigned origin, struct http_header ret[ORIGIN_HEADERS]);

/* True for a CORS preflight request of that origin. */
bool origin_asks_first(const struct http_exchange *ex, unsigned origin);
extern const struct http_header ORIGIN_PREFLIGHT[ORIGIN_PREFLIGHT_HEADERS];

#endif
