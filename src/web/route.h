/*
 * route: maps method and path to a row of the contract's table, by a trie of path segments.
 *
 * A literal segment takes precedence over a {parameter}. The last {parameter} of an operation that
 * takes the rest (operation.h) is all of the path behind it. HEAD is answered as GET.
 * The trie is built once, at start-up, from a table that outlives it.
 */
#ifndef SEBEZ_WEB_ROUTE_H
#define SEBEZ_WEB_ROUTE_H

#include "base/arena.h"
#include "web/operation.h"

enum { ROUTE_PARAMS_MAX = 6, ROUTE_SEGMENTS_MAX = 16 };

struct route_match {
	const struct operation *operation;
	unsigned count;
	const char *names[ROUTE_PARAMS_MAX];  /* of the path's {parameters} */
	const char *values[ROUTE_PARAMS_MAX]; /* decoded, in the caller's arena */
	unsigned allowed; /* bits of enum route_method: the methods that the path supports */
};

enum route_method {
	ROUTE_GET,
	ROUTE_POST,
	ROUTE_PUT,
	ROUTE_PATCH,
	ROUTE_DELETE,
	ROUTE_METHOD_COUNT
};

enum route_result {
	ROUTE_FOUND,
	ROUTE_OPTIONS,   /* an OPTIONS request for a path that exists */
	ROUTE_NO_PATH,   /* 404 */
	ROUTE_NO_METHOD, /* 405; `allowed` has the supported methods */
	ROUTE_MALFORMED, /* 400: bad percent-encoding */
};

struct routes;

struct routes *routes_new(const struct operation operations[], size_t count);
void routes_free(struct routes *routes);

enum route_result route_find(const struct routes *routes, struct arena *arena, const char *method,
                             const char *path, struct route_match *ret);

/* The Allow header: "GET, HEAD, OPTIONS". */
const char *route_allow(struct arena *arena, unsigned allowed);
/* The value of a path parameter, NULL when the path has no such parameter. */
const char *route_param(const struct route_match *match, const char *name);

#endif
