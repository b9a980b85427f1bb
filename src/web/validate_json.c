/* Converts JSON bodies to typed values. Only this file and json_parse use jansson. */
#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/html.h"
#include "web/json_parse.h"
#include "web/validate.h"

static void read_members(struct check *check, const struct field_object *object, json_t *json,
                         void *into);

static bool read_int(struct check *check, json_t *json, int64_t min, int64_t max, int64_t *ret)
{
	if (json_is_integer(json))
		*ret = json_integer_value(json);
	else if (check->real_numbers && json_is_real(json) &&
	         fabs(json_real_value(json)) <= 9007199254740992.0 &&
	         json_real_value(json) == trunc(json_real_value(json)))
		*ret = (int64_t)json_real_value(json);
	else
		return check_wrong(check, "type", "must be an integer");
	return check_number(check, *ret, min, max);
}

static bool has_nul(json_t *text)
{
	return memchr(json_string_value(text), 0, json_string_length(text)) != NULL;
}

/* PostgreSQL's text has no NUL, and C string functions would stop at one. */
static bool is_text(struct check *check, json_t *json)
{
	if (!json_is_string(json))
		return check_wrong(check, "type", "must be a string");
	return !has_nul(json) || check_wrong(check, "encoding", "must be UTF-8 without NUL");
}

/* The same for all nested texts; the body's depth limit bounds the recursion. */
static bool is_free_of_nul(json_t *json)
{
	const char *key;
	json_t *value;
	size_t index;

	if (json_is_string(json))
		return !has_nul(json);
	json_object_foreach(json, key, value)
	{
		if (!is_free_of_nul(value))
			return false;
	}
	json_array_foreach(json, index, value)
	{
		if (!is_free_of_nul(value))
			return false;
	}
	return true;
}

static void unknown_member(struct check *check, const char *key)
{
	size_t length = check_enter(check, key);

	check_wrong(check, "unknown_field", "is not a known field");
	check_leave(check, length);
}

static bool required_member(struct check *check, const char *key)
{
	size_t length = check_enter(check, key);

	check_wrong(check, "required", "is required");
	check_leave(check, length);
	return false;
}

static bool read_money(struct check *check, json_t *json, int64_t min, int64_t max,
                       struct money *to)
{
	json_t *amount = json_object_get(json, "amount");
	json_t *currency = json_object_get(json, "currency");
	const char *key;
	json_t *value;
	size_t length;

	if (!json_is_object(json))
		return check_wrong(check, "type", "must be an object with amount and currency");
	json_object_foreach(json, key, value)
	{
		if (value != amount && value != currency)
			unknown_member(check, key);
	}
	if (amount == NULL)
		required_member(check, "amount");
	if (currency == NULL)
		required_member(check, "currency");
	if (amount == NULL || currency == NULL)
		return false;
	length = check_enter(check, "amount");
	read_int(check, amount, min, max, &to->amount);
	check_leave(check, length);
	length = check_enter(check, "currency");
	const char *code = json_string_value(currency);

	if (is_text(check, currency) &&
	    check_text(check, FORMAT_CURRENCY, &code, json_string_length(currency), 3, 3))
		memcpy(to->currency, code, sizeof(to->currency));
	check_leave(check, length);
	return true;
}

static bool read_json(struct check *check, json_t *json, int64_t max, const char **to)
{
	if (!json_is_object(json))
		return check_wrong(check, "type", "must be an object");
	if (!is_free_of_nul(json))
		return check_wrong(check, "encoding", "must be UTF-8 without NUL");
	if (!check_count(check, json_object_size(json), 0, max))
		return false;
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = arena_alloc(check->arena, size + 1);

	size_t written = json_dumpb(json, text, size, JSON_COMPACT);

	assert(written == size);
	*to = text;
	return true;
}

/* HTML forms send "" for an empty field. It counts as null where the field is trimmed, nullable and
 * has no minimum length. */
static bool is_left_empty(const struct field *field, json_t *json)
{
	if (field->type != FIELD_STRING || !field->nullable || !field->trim || field->min > 0 ||
	    !json_is_string(json) || has_nul(json))
		return false;
	size_t length = json_string_length(json);

	(void)utf8_trim(json_string_value(json), &length);
	return length == 0;
}

/* The minimum length of a trimmed field applies after trimming, the maximum to the text as sent, as
 * the schema defines it. */
static bool read_string(struct check *check, const struct field *field, json_t *json, int64_t min,
                        int64_t max, const char **to)
{
	if (!is_text(check, json))
		return false;
	const char *text = json_string_value(json);
	size_t length = json_string_length(json);

	*to = text;
	if (field->trim) {
		if (!check_text(check, FORMAT_NONE, to, length, 0, max))
			return false;
		text = utf8_trim(text, &length);
		*to = arena_strndup(check->arena, text, length);
	}
	if (!check_text(check, field->format, to, length, min, max))
		return false;
	if (!field->html)
		return true;
	*to = html_clean(check->arena, *to);
	return check_text(check, FORMAT_NONE, to, strlen(*to), min, max);
}

/* Reads one value: of the field itself or of an item of it. */
static bool read_value(struct check *check, const struct field *field, enum field_type type,
                       json_t *json, void *to)
{
	bool item = field->type == FIELD_ARRAY || field->type == FIELD_MAP;
	int64_t min = item ? field->item_min : field->min;
	int64_t max = item ? field->item_max : field->max;
	int64_t number;

	switch (type) {
	case FIELD_STRING:
		return read_string(check, field, json, min, max, to);
	case FIELD_UUID:
		return is_text(check, json) && (uuid_parse(json_string_value(json), to) ||
		                                check_wrong(check, "format", "must be a UUID"));
	case FIELD_INT32:
		if (!read_int(check, json, min, max, &number))
			return false;
		*(int32_t *)to = (int32_t)number;
		return true;
	case FIELD_INT64:
		return read_int(check, json, min, max, to);
	case FIELD_BOOL:
		*(bool *)to = json_is_true(json);
		return json_is_boolean(json) || check_wrong(check, "type", "must be true or false");
	case FIELD_TIME:
		return is_text(check, json) &&
		       (time_parse(json_string_value(json), to) ||
		        check_wrong(check, "format", "must be an RFC 3339 time"));
	case FIELD_MONEY:
		return read_money(check, json, min, max, to);
	case FIELD_ENUM:
		return is_text(check, json) &&
		       check_choice(check, field->choices, json_string_value(json), to);
	case FIELD_OBJECT:
		if (!json_is_object(json))
			return check_wrong(check, "type", "must be an object");
		validate_defaults(field->object, to);
		read_members(check, field->object, json, to);
		return true;
	case FIELD_JSON:
		return read_json(check, json, max, to);
	case FIELD_ARRAY:
	case FIELD_MAP:
		break;
	}
	assert(false); /* read_field reads them; the generator refuses arrays of arrays */
	return false;
}

static void check_unique(struct check *check, json_t *json)
{
	for (size_t i = 1; i < json_array_size(json); i++) {
		for (size_t j = 0; j < i; j++) {
			if (json_equal(json_array_get(json, i), json_array_get(json, j))) {
				size_t length = check_enter_item(check, i);

				check_wrong(check, "unique", "must be unique");
				check_leave(check, length);
				break;
			}
		}
	}
}

static void read_array(struct check *check, const struct field *field, json_t *json, void *into)
{
	size_t count = json_array_size(json);

	if (!json_is_array(json)) {
		check_wrong(check, "type", "must be an array");
		return;
	}
	if (!check_count(check, count, field->min, field->max))
		return;
	size_t size = validate_size(field->item_type, field->object);
	char *items = arena_array(check->arena, count + 1, size);

	for (size_t i = 0; i < count; i++) {
		size_t length = check_enter_item(check, i);

		read_value(check, field, field->item_type, json_array_get(json, i),
		           items + i * size);
		check_leave(check, length);
	}
	if (field->unique_items)
		check_unique(check, json);
	memcpy((char *)into + field->offset, &items, sizeof(items));
	memcpy((char *)into + field->count_offset, &count, sizeof(count));
}

static void read_map(struct check *check, const struct field *field, json_t *json, void *into)
{
	size_t count = 0;
	const char *key;
	json_t *value;

	if (!json_is_object(json)) {
		check_wrong(check, "type", "must be an object");
		return;
	}
	if (!check_count(check, json_object_size(json), field->min, field->max))
		return;
	struct field_pair *items =
	    arena_array(check->arena, json_object_size(json) + 1, sizeof(*items));

	json_object_foreach(json, key, value)
	{
		size_t length = check_enter(check, key);

		items[count].key = key;
		check_text(check, FORMAT_NONE, &items[count].key, strlen(key), 1, 255);
		read_value(check, field, FIELD_STRING, value, &items[count].value);
		count++;
		check_leave(check, length);
	}
	assert(count == json_object_size(json));
	memcpy((char *)into + field->offset, &items, sizeof(items));
	memcpy((char *)into + field->count_offset, &count, sizeof(count));
}

static void read_field(struct check *check, const struct field *field, json_t *json, void *into)
{
	size_t length = check_enter(check, field->name);

	if (field->given_offset != FIELD_NO_OFFSET)
		*(bool *)((char *)into + field->given_offset) = true;
	if (json_is_null(json)) {
		if (!field->nullable)
			check_wrong(check, "null", "must not be null");
	} else if (is_left_empty(field, json)) {
		/* Treated as null. */
	} else if (field->type == FIELD_ARRAY) {
		read_array(check, field, json, into);
	} else if (field->type == FIELD_MAP) {
		read_map(check, field, json, into);
	} else {
		read_value(check, field, field->type, json, validate_slot(check, field, into));
	}
	check_leave(check, length);
}

static const struct field *field_of(const struct field_object *object, const char *name)
{
	for (size_t i = 0; i < object->field_count; i++) {
		if (object->fields[i].place == IN_BODY && strcmp(object->fields[i].name, name) == 0)
			return &object->fields[i];
	}
	return NULL;
}

static void read_members(struct check *check, const struct field_object *object, json_t *json,
                         void *into)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
	{
		const struct field *field = field_of(object, key);

		if (field == NULL)
			unknown_member(check, key);
		else
			read_field(check, field, value, into);
	}
	for (size_t i = 0; i < object->field_count; i++) {
		const struct field *field = &object->fields[i];

		if (field->place == IN_BODY && field->required &&
		    json_object_get(json, field->name) == NULL)
			required_member(check, field->name);
	}
	if (json_object_size(json) < object->members_min)
		check_wrong(check, "min_properties", "must have at least %zu members",
		            object->members_min);
}

void validate_body(struct check *check, const struct field_object *object, const char *text,
                   size_t length, void *into)
{
	json_t *json = json_parse(check, text, length);

	if (json == NULL)
		return;
	if (!json_is_object(json)) {
		check_wrong(check, "type", "must be a JSON object");
		return;
	}
	read_members(check, object, json, into);
	if (check->real_numbers && check->count == 0) /* inside a free-form object */
		check_wrong(check, "type", "must not have integers beyond 64 bits");
}
