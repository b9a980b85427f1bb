/* Conditional edits (If-Match). */
#include "task/params.h"

#include "web/etag.h"
#include "web/request.h"
#include <assert.h>

/* Tags of one request; its headers have no room for more. */
enum { IF_MATCH_MAX = 32 };

struct allowed {
	int32_t versions[IF_MATCH_MAX];
	struct int_array array;
	bool any;
};

static void allow(void *arg, const char *header)
{
	struct allowed *allowed = arg;
	size_t before = allowed->array.count, more = 0;

	assert(before <= IF_MATCH_MAX);
	allowed->any |=
	    etag_versions(header, IF_MATCH_MAX - before, allowed->versions + before, &more);
	allowed->array.count = before + more;
}

const struct int_array *request_if_match(struct request *rq)
{
	struct allowed *allowed;

	if (http_header(rq->http, "If-Match") == NULL)
		return NULL;
	allowed = arena_alloc(rq->task.arena, sizeof(*allowed));
	allowed->array.items = allowed->versions;
	http_header_each(rq->http, "If-Match", allow, allowed);
	return allowed->any ? NULL : &allowed->array;
}

_Noreturn void request_end_changed(struct request *rq)
{
	task_end(&rq->task, PROBLEM_VERSION, "Read the current version, then retry the change.");
}

void request_expect(struct request *rq, int32_t version)
{
	const struct int_array *allowed = request_if_match(rq);

	assert(!rq->replied);
	if (allowed == NULL)
		return;
	for (size_t i = 0; i < allowed->count; i++) {
		if (allowed->items[i] == version)
			return;
	}
	request_end_changed(rq);
}
