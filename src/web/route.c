#include "web/route.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "web/uri.h"

struct node {
	const char *literal; /* NULL for a parameter */
	size_t literal_length;
	struct node *next; /* sibling; literals come before the parameter */
	struct node *children;
	bool takes_rest; /* a parameter: matches all segments that are left, none too */
	const struct operation *operations[ROUTE_METHOD_COUNT];
};

struct routes {
	struct arena *arena;
	struct node root;
};

struct walk {
	const char *segments[ROUTE_SEGMENTS_MAX];
	unsigned segment_count;
	bool is_open;        /* the path ends with a slash */
	unsigned rest_depth; /* where the value of {rest} begins */
	const char *values[ROUTE_PARAMS_MAX];
	unsigned value_count;
};

static const char *const METHODS[ROUTE_METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

static int method_of(const char *name)
{
	if (strcmp(name, "HEAD") == 0)
		return ROUTE_GET;
	for (int i = 0; i < ROUTE_METHOD_COUNT; i++) {
		if (strcmp(name, METHODS[i]) == 0)
			return i;
	}
	return -1;
}

static struct node *child_of(struct routes *routes, struct node *parent, const char *text,
                             size_t length)
{
	bool param = text[0] == '{';
	struct node **link = &parent->children;

	assert(length > 0);
	for (; *link != NULL; link = &(*link)->next) {
		struct node *at = *link;

		if (param ? at->literal == NULL
		          : at->literal != NULL && at->literal_length == length &&
		                memcmp(at->literal, text, length) == 0)
			return at;
	}
	struct node *node = arena_alloc(routes->arena, sizeof(*node));

	node->literal = param ? NULL : text;
	node->literal_length = length;
	if (!param) { /* before a parameter, so that literals win */
		node->next = parent->children;
		parent->children = node;
	} else {
		*link = node;
	}
	return node;
}

static void add(struct routes *routes, const struct operation *operation)
{
	struct node *node = &routes->root;
	const char *at = operation->path;
	unsigned params = 0, segments = 0;

	while (*at == '/') {
		size_t length = strcspn(++at, "/");

		if (length == 0)
			break; /* the root path itself */
		node = child_of(routes, node, at, length);
		params += at[0] == '{';
		segments++;
		at += length;
	}
	int method = method_of(operation->method);

	assert(method >= 0 && node->operations[method] == NULL);
	assert(!operation->takes_rest || (node->literal == NULL && node->children == NULL));
	node->takes_rest = operation->takes_rest;
	assert(params <= ROUTE_PARAMS_MAX && segments <= ROUTE_SEGMENTS_MAX);
	node->operations[method] = operation;
}

struct routes *routes_new(const struct operation operations[], size_t count)
{
	struct arena *arena = arena_new(1024 * 1024, NULL, NULL);
	struct routes *routes = arena_alloc(arena, sizeof(*routes));

	routes->arena = arena;
	for (size_t i = 0; i < count; i++)
		add(routes, &operations[i]);
	return routes;
}

void routes_free(struct routes *routes)
{
	if (routes != NULL)
		arena_free(routes->arena);
}

/* Depth is bounded by ROUTE_SEGMENTS_MAX; a parameter is tried after the literals. */
static const struct node *descend(const struct node *node, struct walk *walk, unsigned depth)
{
	assert(depth <= walk->segment_count && walk->segment_count <= ROUTE_SEGMENTS_MAX);
	if (depth == walk->segment_count && !walk->is_open)
		return node;
	for (const struct node *at = node->children; at != NULL; at = at->next) {
		if (at->takes_rest) {
			assert(walk->value_count < ROUTE_PARAMS_MAX);
			walk->values[walk->value_count++] = NULL; /* rest_of() */
			walk->rest_depth = depth;
			return at;
		}
		if (depth == walk->segment_count)
			continue;
		const char *segment = walk->segments[depth];

		if (at->literal != NULL) {
			if (strlen(segment) != at->literal_length ||
			    memcmp(segment, at->literal, at->literal_length) != 0)
				continue;
		} else {
			assert(walk->value_count < ROUTE_PARAMS_MAX);
			walk->values[walk->value_count++] = segment;
		}
		const struct node *found = descend(at, walk, depth + 1);

		if (found != NULL)
			for (int i = 0; i < ROUTE_METHOD_COUNT; i++) {
				if (found->operations[i] != NULL)
					return found;
			}
		walk->value_count -= at->literal == NULL;
	}
	return NULL;
}

static enum route_result split(struct arena *arena, const char *path, struct walk *walk)
{
	char *decoded = arena_alloc(arena, strlen(path) + ROUTE_SEGMENTS_MAX + 1);

	if (path[0] != '/')
		return ROUTE_NO_PATH;
	if (path[1] == 0)
		return ROUTE_FOUND;
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (length == 0 && *path == '\0') {
			walk->is_open = true;
			return ROUTE_FOUND;
		}
		if (length == 0 || walk->segment_count == ROUTE_SEGMENTS_MAX)
			return ROUTE_NO_PATH;
		if (!uri_decode(path, length, false, decoded))
			return ROUTE_MALFORMED;
		walk->segments[walk->segment_count++] = decoded;
		decoded += strlen(decoded) + 1;
		path += length;
	}
	return ROUTE_FOUND;
}

/* The path behind as many segments: decoded, joined as it was written. */
static const char *rest_of(struct arena *arena, const struct walk *walk)
{
	struct buf buf = buf_new(arena, 64);

	for (unsigned i = walk->rest_depth; i < walk->segment_count; i++)
		buf_printf(&buf, "%s%s", i > walk->rest_depth ? "/" : "", walk->segments[i]);
	return buf.data;
}

static void name_params(struct arena *arena, const struct walk *walk, struct route_match *match)
{
	const char *at = match->operation->path;

	assert(walk->value_count <= ROUTE_PARAMS_MAX);
	match->count = walk->value_count;
	for (unsigned i = 0; i < match->count; i++) {
		at = strchr(at, '{');
		assert(at != NULL);
		at++;
		match->names[i] = arena_strndup(arena, at, strcspn(at, "}"));
		match->values[i] = walk->values[i] != NULL ? walk->values[i] : rest_of(arena, walk);
	}
}

enum route_result route_find(const struct routes *routes, struct arena *arena, const char *method,
                             const char *path, struct route_match *ret)
{
	struct walk walk = {.segment_count = 0};
	struct route_match match = {.count = 0};
	enum route_result result = split(arena, path, &walk);

	if (result != ROUTE_FOUND)
		return result;
	const struct node *node = descend(&routes->root, &walk, 0);

	if (node == NULL)
		return ROUTE_NO_PATH;
	for (int i = 0; i < ROUTE_METHOD_COUNT; i++)
		match.allowed |= node->operations[i] != NULL ? 1u << i : 0;
	int wanted = method_of(method);

	if (match.allowed == 0)
		return ROUTE_NO_PATH;
	if (wanted >= 0 && node->operations[wanted] != NULL) {
		match.operation = node->operations[wanted];
		name_params(arena, &walk, &match);
	}
	*ret = match;
	if (match.operation != NULL)
		return ROUTE_FOUND;
	return strcmp(method, "OPTIONS") == 0 ? ROUTE_OPTIONS : ROUTE_NO_METHOD;
}

const char *route_allow(struct arena *arena, unsigned allowed)
{
	struct buf buf = buf_new(arena, 64);

	for (int i = 0; i < ROUTE_METHOD_COUNT; i++) {
		if ((allowed & 1u << i) != 0)
			buf_printf(&buf, "%s, ", METHODS[i]);
		if (i == ROUTE_GET && (allowed & 1u << i) != 0)
			buf_add_str(&buf, "HEAD, ");
	}
	buf_add_str(&buf, "OPTIONS");
	return buf.data;
}

const char *route_param(const struct route_match *match, const char *name)
{
	for (unsigned i = 0; i < match->count; i++) {
		if (strcmp(match->names[i], name) == 0)
			return match->values[i];
	}
	return NULL;
}
