/* Converts texts to typed values: query and path parameters, and headers. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "web/uri.h"
#include "web/validate.h"

struct pair {
	const char *name, *value; /* decoded */
	bool known;
};

struct pairs {
	size_t count;
	struct pair items[LIMIT_QUERY_PAIRS];
};

static bool parse_int(const char *text, int64_t *ret)
{
	const char *digits = text + (*text == '-');
	char *end;

	/* No sign except '-', no spaces, no leading zeros: a number has one spelling. */
	if (*digits < '0' || *digits > '9' ||
	    (*digits == '0' && (digits[1] != 0 || digits != text)))
		return false;
	errno = 0;
	long long value = strtoll(text, &end, 10);

	if (*end != 0 || errno == ERANGE)
		return false;
	*ret = value;
	return true;
}

static bool read_int(struct check *check, enum field_type type, const char *text, int64_t min,
                     int64_t max, void *to)
{
	int64_t value;

	if (!parse_int(text, &value))
		return check_wrong(check, "type", "must be an integer");
	if (!check_number(check, value, min, max))
		return false;
	if (type == FIELD_INT32)
		*(int32_t *)to = (int32_t)value;
	else
		*(int64_t *)to = value;
	return true;
}

static bool read_bool(struct check *check, const char *text, bool *to)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return check_wrong(check, "type", "must be true or false");
	*to = text[0] == 't';
	return true;
}

static bool read_text(struct check *check, const struct field *field, enum field_type type,
                      const char *text, void *to)
{
	bool item = field->type == FIELD_ARRAY || field->type == FIELD_MAP;
	int64_t min = item ? field->item_min : field->min;
	int64_t max = item ? field->item_max : field->max;

	switch (type) {
	case FIELD_STRING:
		*(const char **)to = text;
		return check_text(check, field->format, to, strlen(text), min, max);
	case FIELD_UUID:
		return uuid_parse(text, to) || check_wrong(check, "format", "must be a UUID");
	case FIELD_INT32:
	case FIELD_INT64:
		return read_int(check, type, text, min, max, to);
	case FIELD_BOOL:
		return read_bool(check, text, to);
	case FIELD_TIME:
		return time_parse(text, to) ||
		       check_wrong(check, "format", "must be an RFC 3339 time");
	case FIELD_ENUM:
		return check_choice(check, field->choices, text, to);
	case FIELD_MONEY:
	case FIELD_OBJECT:
	case FIELD_ARRAY:
	case FIELD_JSON:
	case FIELD_MAP:
		break;
	}
	assert(false); /* the generator refuses these outside bodies */
	return false;
}

void validate_text_field(struct check *check, const struct field *field, const char *text,
                         void *into)
{
	read_text(check, field, field->type, text, validate_slot(check, field, into));
}

/* Splits the query into decoded pairs. */
static void read_pairs(struct check *check, const char *query, struct pairs *pairs)
{
	struct uri_pair pair;

	while (uri_next_pair(&query, &pair)) {
		char *name = arena_alloc(check->arena, pair.name_length + 1);
		char *value = arena_alloc(check->arena, pair.value_length + 1);

		if (pairs->count == LIMIT_QUERY_PAIRS) {
			check_name(check, "?", "", "");
			check_wrong(check, "max_items", "must have at most %d parameters",
			            LIMIT_QUERY_PAIRS);
			return;
		}
		if (!uri_decode(pair.name, pair.name_length, true, name)) {
			check_name(check, "?", "", "");
			check_wrong(check, "encoding", "must be percent-encoded UTF-8 without NUL");
		} else if (!uri_decode(pair.value, pair.value_length, true, value)) {
			check_name(check, "?", name, "");
			check_wrong(check, "encoding", "must be percent-encoded UTF-8 without NUL");
		} else {
			pairs->items[pairs->count++] = (struct pair){.name = name, .value = value};
		}
	}
}

/* HTML forms send an empty text for a filter that was not filled in: it counts as absent. */
static bool is_blank(enum field_type type, const char *text)
{
	return type == FIELD_STRING && text[strspn(text, " \t\r\n")] == '\0';
}

static size_t commas(const char *text)
{
	size_t count = 0;

	for (; *text != 0; text++)
		count += *text == ',';
	return count;
}

/* Reads a repeated parameter, or one with comma-separated items. */
static void read_array(struct check *check, const struct field *field, struct pairs *pairs,
                       void *into)
{
	size_t size = validate_size(field->item_type, NULL);
	size_t count = 0, room = 0;

	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].name, field->name) == 0)
			room += 1 + (field->commas ? commas(pairs->items[i].value) : 0);
	}
	if (room == 0)
		return;
	if (!check_count(check, room, field->min, field->max))
		room = 0;
	char *items = arena_array(check->arena, room + 1, size);

	for (size_t i = 0; i < pairs->count; i++) {
		const char *at = pairs->items[i].value;

		if (strcmp(pairs->items[i].name, field->name) != 0)
			continue;
		pairs->items[i].known = true;
		while (at != NULL && count < room) {
			size_t length = field->commas ? strcspn(at, ",") : strlen(at);
			const char *item = arena_strndup(check->arena, at, length);

			if (!is_blank(field->item_type, item))
				read_text(check, field, field->item_type, item,
				          items + count++ * size);
			at = at[length] == ',' ? at + length + 1 : NULL;
		}
	}
	assert(count <= room);
	memcpy((char *)into + field->offset, &items, sizeof(items));
	memcpy((char *)into + field->count_offset, &count, sizeof(count));
}

/* deepObject: option[Color]=Red */
static void read_map(struct check *check, const struct field *field, struct pairs *pairs,
                     void *into)
{
	struct field_pair *items = arena_array(check->arena, pairs->count + 1, sizeof(*items));
	size_t prefix = strlen(field->name), count = 0;

	for (size_t i = 0; i < pairs->count; i++) {
		const char *name = pairs->items[i].name;
		size_t length = strlen(name);

		if (strncmp(name, field->name, prefix) != 0 || name[prefix] != '[' ||
		    name[length - 1] != ']' || length < prefix + 3)
			continue;
		pairs->items[i].known = true;
		if (is_blank(FIELD_STRING, pairs->items[i].value))
			continue;
		items[count].key =
		    arena_strndup(check->arena, name + prefix + 1, length - prefix - 2);
		check_name(check, "?", name, "");
		read_text(check, field, FIELD_STRING, pairs->items[i].value, &items[count].value);
		count++;
	}
	check_name(check, "?", field->name, "");
	if (count > 0 && check_count(check, count, field->min, field->max)) {
		memcpy((char *)into + field->offset, &items, sizeof(items));
		memcpy((char *)into + field->count_offset, &count, sizeof(count));
	}
}

static void read_scalar(struct check *check, const struct field *field, struct pairs *pairs,
                        void *into)
{
	bool seen = false;

	for (size_t i = 0; i < pairs->count; i++) {
		struct pair *pair = &pairs->items[i];

		if (strcmp(pair->name, field->name) != 0)
			continue;
		pair->known = true;
		if (seen)
			check_wrong(check, "repeated", "must be given only once");
		else if (field->required || !is_blank(field->type, pair->value))
			validate_text_field(check, field, pair->value, into);
		seen = true;
	}
	if (!seen && field->required)
		check_wrong(check, "required", "is required");
}

void validate_query(struct check *check, const struct field_object *object, const char *query,
                    void *into)
{
	static struct pairs none;
	struct pairs *pairs = &none;

	if (*query != 0) {
		pairs = arena_alloc(check->arena, sizeof(*pairs));
		read_pairs(check, query, pairs);
	}
	for (size_t i = 0; i < object->field_count; i++) {
		const struct field *field = &object->fields[i];

		if (field->place != IN_QUERY)
			continue;
		check_name(check, "?", field->name, "");
		if (field->type == FIELD_ARRAY)
			read_array(check, field, pairs, into);
		else if (field->type == FIELD_MAP)
			read_map(check, field, pairs, into);
		else
			read_scalar(check, field, pairs, into);
	}
	for (size_t i = 0; i < pairs->count; i++) {
		if (!pairs->items[i].known) {
			check_name(check, "?", pairs->items[i].name, "");
			check_wrong(check, "unknown_field", "is not a parameter of this operation");
		}
	}
}
