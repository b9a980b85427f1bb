#include "web/slug.h"

#include <assert.h>

#include "base/codec.h"

void slug_choose(struct request *rq, const char *given, const char *name, char *ret, size_t size)
{
	struct uuid id;

	assert(given != NULL || name != NULL);
	slug_from(given != NULL ? given : name, ret, size);
	if (ret[0] == 0)
		task_end_field(&rq->task, "/slug", "required",
		               "No slug can be derived from this name; provide one.");
	if (uuid_parse(ret, &id))
		task_end_field(&rq->task, "/slug", "format", "A slug must not look like an id.");
}
