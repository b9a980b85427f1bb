/*
 * import_extra: the extra columns of rows, as JSON: {"SEO Title": "Mug", "Cost per item": null}.
 * null removes the stored value.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/json.h"
#include "shop/catalog/extra.h"
#include "shop/catalog/import_adding.h"

enum { NAME_CHARACTERS = 255, EXTRA_BYTES = 64 * 1024 };

/* As JSON text without the quotes. */
static const char *escaped(struct arena *arena, const char *text)
{
	struct buf buf = buf_new(arena, 64);
	struct json json = json_new(&buf);

	json_str(&json, text);
	assert(buf.length >= 2 && buf.data[0] == '"');
	return arena_strndup(arena, buf.data + 1, buf.length - 2);
}

static bool is_of_variant(const char *name)
{
	static const char *const PREFIXES[] = {"Variant ", "Cost per item", "Unit price",
	                                       "Tax code"};

	for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
		if (strncasecmp(name, PREFIXES[i], strlen(PREFIXES[i])) == 0)
			return true;
	}
	return strstr(name, "(variant.metafields.") != NULL;
}

static bool is_there(const struct import_header *header, const char *name)
{
	for (size_t i = 0; i < header->extra_count; i++) {
		if (strcasecmp(header->extras[i].name, name) == 0)
			return true;
	}
	return false;
}

void import_extra_read(struct import_header *header, size_t field, const struct csv_field *name,
                       struct arena *arena)
{
	size_t length = name->length;
	const char *text = utf8_trim(name->text, &length);

	if (length == 0 || !utf8_is_valid(name->text, name->length) ||
	    utf8_length(text, length) > NAME_CHARACTERS)
		return;
	char *copy = arena_strndup(arena, text, length);
	const struct extra_column *column = extra_find(copy);
	struct import_extra extra = {
	    .field = (int16_t)field,
	    .name = column == NULL ? copy : column->name,
	    .column = column,
	    .of_variant = column == NULL ? is_of_variant(copy) : column->of_variant,
	};

	if (is_there(header, extra.name))
		return;
	extra.key = escaped(arena, extra.name);
	assert(header->extra_count < CSV_COLUMNS); /* one per field at most */
	header->extras[header->extra_count++] = extra;
}

static void put(struct json *json, const struct import_extra *extra, const char *value,
                const char *usual)
{
	bool none = usual == NULL ? *value == 0 : strcmp(value, usual) == 0;

	json_key(json, extra->key);
	if (none)
		json_nil(json);
	else
		json_str(json, value);
}

static void put_tracker(struct json *json, const struct adding *adding)
{
	const char *tracker = adding->row->values[COLUMN_TRACKER];

	if (tracker == NULL)
		return;
	json_key(json, EXTRA_TRACKER.name);
	if (*tracker == 0 || strcmp(tracker, EXTRA_TRACKER.usual) == 0)
		json_nil(json);
	else
		json_str(json, tracker);
}

static const char *usual_of(const struct adding *adding, const struct import_extra *extra)
{
	if (extra->column == NULL)
		return NULL;
	return extra->column == &EXTRA_VENDOR ? adding->batch->vendor_name : extra->column->usual;
}

const char *adding_extra(struct adding *adding, bool of_variant)
{
	const struct csv_row *csv = adding->row->csv;
	const struct import_header *header = adding->row->header;
	struct buf buf = buf_new(adding->batch->arena, 128);
	struct json json = json_new(&buf);

	json_open_object(&json);
	for (size_t i = 0; i < header->extra_count; i++) {
		const struct import_extra *extra = &header->extras[i];
		size_t field = (size_t)extra->field;
		const char *value = field < csv->count ? csv->fields[field].text : "";

		/* A row that does not describe the product stores the product's extra columns with
		 * its variant. */
		if (extra->of_variant != of_variant &&
		    (!of_variant || adding->describes || *value == 0))
			continue;
		if (field < csv->count && !utf8_is_valid(value, csv->fields[field].length))
			continue;
		put(&json, extra, value,
		    extra->of_variant == of_variant ? usual_of(adding, extra) : NULL);
	}
	if (of_variant)
		put_tracker(&json, adding);
	json_close_object(&json);
	if (buf.length <= EXTRA_BYTES)
		return buf.data;
	adding_warn(adding, COLUMN_NONE,
	            "The columns without a meaning here exceed 64 KB and "
	            "were ignored");
	return NULL;
}
