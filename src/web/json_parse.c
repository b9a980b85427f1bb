#include "web/json_parse.h"

#include "base/limits.h"
#include "web/json_pointer.h"

static void release_json(void *json)
{
	json_decref(json);
}

bool json_depth_is_fine(const char *text, size_t length)
{
	int depth = 0;
	bool in_string = false;

	_Static_assert(LIMIT_JSON_DEPTH < JSON_PARSER_MAX_DEPTH, "our bound is the lower one");
	for (size_t i = 0; i < length; i++) {
		char byte = text[i];

		if (in_string) {
			if (byte == '\\')
				i++;
			else if (byte == '"')
				in_string = false;
		} else if (byte == '"') {
			in_string = true;
		} else if (byte == '{' || byte == '[') {
			if (++depth > LIMIT_JSON_DEPTH)
				return false;
		} else if (byte == '}' || byte == ']') {
			depth--;
		}
	}
	return true;
}

static void not_json(struct check *check, const char *text, size_t length,
                     const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);
	size_t read = error->position > 0 ? (size_t)error->position : 0;

	if (read > length)
		read = length;
	/* A duplicate key was read whole; for other errors, the token read last is at fault. */
	if (read > 0 && code != json_error_duplicate_key)
		read--;
	size_t outer = json_pointer_enter(check, text, read);

	switch (code) {
	case json_error_duplicate_key:
		check_wrong(check, "duplicate", "must be unique: repeated at line %d, column %d",
		            error->line, error->column);
		break;
	case json_error_invalid_utf8:
		check_wrong(check, "encoding", "must be UTF-8: error at line %d, column %d",
		            error->line, error->column);
		break;
	default:
		check_wrong(check, "json", "must be valid JSON: error at line %d, column %d",
		            error->line, error->column);
	}
	check_leave(check, outer);
}

/*
 * An integer beyond int64 makes jansson refuse the whole text. The text is then parsed again with
 * integers as doubles, only to report which field it was.
 */
json_t *json_parse(struct check *check, const char *text, size_t length)
{
	json_error_t error;
	size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL; /* is_text() names what has a NUL */
	json_t *json;

	if (!json_depth_is_fine(text, length)) {
		check_wrong(check, "depth", "must not be nested deeper than %d", LIMIT_JSON_DEPTH);
		return NULL;
	}
	json = json_loadb(text, length, flags, &error);
	if (json == NULL && json_error_code(&error) == json_error_numeric_overflow) {
		check->real_numbers = true;
		json = json_loadb(text, length, flags | JSON_DECODE_INT_AS_REAL, &error);
	}
	if (json != NULL)
		arena_defer(check->arena, release_json, json);
	else
		not_json(check, text, length, &error);
	return json;
}
