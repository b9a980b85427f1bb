#include "base/json_tree.h"

#include <assert.h>

static void release(void *value)
{
	json_decref(value);
}

json_t *json_of_database(struct arena *arena, const char *text, size_t length)
{
	json_t *value = json_loadb(text, length, 0, NULL);

	assert(value != NULL);
	arena_defer(arena, release, value);
	return value;
}
