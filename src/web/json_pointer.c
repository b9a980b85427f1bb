#include "web/json_pointer.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

/* An object or array that is still open. */
struct level {
	bool array;
	bool key_next; /* of an object: the next string is a key */
	size_t index;
	const char *key; /* of an object: the last one, without quotes; NULL before the first */
	size_t key_length;
};

struct json_pointer {
	int depth;
	struct level levels[LIMIT_JSON_DEPTH];
};

/* The closing quote, or the end. */
static const char *end_of_string(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at;
}

static void open_level(struct json_pointer *pointer, bool array)
{
	if (pointer->depth < LIMIT_JSON_DEPTH)
		pointer->levels[pointer->depth++] =
		    (struct level){.array = array, .key_next = !array};
}

static void next_member(struct json_pointer *pointer)
{
	if (pointer->depth == 0)
		return;
	struct level *level = &pointer->levels[pointer->depth - 1];

	assert(pointer->depth <= LIMIT_JSON_DEPTH);
	level->index++;
	level->key_next = !level->array;
	level->key = NULL;
}

/* Reads a string at `at`; returns the byte after it. A truncated string is not a key. */
static const char *read_string(struct json_pointer *pointer, const char *at, const char *end)
{
	assert(at <= end);

	const char *last = end_of_string(at, end);
	struct level *level = pointer->depth > 0 ? &pointer->levels[pointer->depth - 1] : NULL;

	if (level != NULL && level->key_next && last < end) {
		level->key = at;
		level->key_length = (size_t)(last - at);
		level->key_next = false;
	}
	return last < end ? last + 1 : end;
}

static void find(struct json_pointer *pointer, const char *text, const char *end)
{
	for (const char *at = text; at < end;) {
		char byte = *at++;

		if (byte == '"')
			at = read_string(pointer, at, end);
		else if (byte == '{' || byte == '[')
			open_level(pointer, byte == '[');
		else if ((byte == '}' || byte == ']') && pointer->depth > 0)
			pointer->depth--;
		else if (byte == ',')
			next_member(pointer);
	}
}

size_t json_pointer_enter(struct check *check, const char *text, size_t position)
{
	struct json_pointer pointer = {.depth = 0};
	size_t before = check->name_length;

	find(&pointer, text, text + position);
	for (int i = 0; i < pointer.depth; i++) {
		const struct level *level = &pointer.levels[i];

		if (level->array)
			check_enter_item(check, level->index);
		else if (level->key != NULL)
			check_enter(check,
			            arena_strndup(check->arena, level->key, level->key_length));
	}
	return before;
}
