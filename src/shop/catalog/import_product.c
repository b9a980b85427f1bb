#include "shop/catalog/import_product.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/limits.h"
#include "shop/catalog/import_adding.h"
#include "shop/catalog/import_value.h"
#include "shop/catalog/text.h"

enum {
	HANDLE_CHARACTERS = 255,
	TITLE_CHARACTERS = 255,
	TYPE_CHARACTERS = 255,
	SLUG_CHARACTERS = 120,
	DESCRIPTION_CHARACTERS = 65535,
	TAG_CHARACTERS = 255,
};

static void refuse_v(struct import_batch *batch, int64_t line, enum import_column column,
                     const char *format, va_list arguments)
{
	char reason[IMPORT_REASON_BYTES];

	vsnprintf(reason, sizeof(reason), format, arguments);
	import_refuse(batch->report, batch->header, line, column, "%s", reason);
}

void import_product_refuse(struct import_batch *batch, struct import_product *product, int64_t line,
                           enum import_column column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse_v(batch, line, column, format, arguments);
	va_end(arguments);
	product->refused = product->complained = true;
}

void import_variant_refuse(struct import_batch *batch, struct import_product *product,
                           struct import_variant *variant, enum import_column column,
                           const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse_v(batch, variant->line, column, format, arguments);
	va_end(arguments);
	variant->refused = product->complained = true;
}

/* Something of the row is bad; the rest of it goes on. */
bool adding_complain(struct adding *adding, enum import_column column, const char *reason)
{
	import_refuse(adding->batch->report, adding->batch->header, adding->row->line, column, "%s",
	              reason);
	adding->product->complained = true;
	return false;
}

const char *adding_value(const struct adding *adding, enum import_column column)
{
	const char *value = adding->row->values[column];

	return value == NULL ? "" : value;
}

bool adding_has(const struct adding *adding, enum import_column column)
{
	return adding_value(adding, column)[0] != 0;
}

/* A copy of the value: NULL when the file has no such column. False when it is too long or has
 * control characters. */
bool adding_text(struct adding *adding, enum import_column column, size_t characters,
                 const char **ret)
{
	const char *value = adding->row->values[column];

	if (value == NULL)
		return true;
	if (utf8_length(value, strlen(value)) > characters) {
		char reason[80];

		snprintf(reason, sizeof(reason), "It is longer than %zu characters", characters);
		return adding_complain(adding, column, reason);
	}
	if (text_has_control(value))
		return adding_complain(adding, column, "It has control characters");
	*ret = arena_strdup(adding->batch->arena, value);
	return true;
}

/* The product's description --------------------------------------------------------------------*/

static bool take_status(struct adding *adding, const char **ret)
{
	static const char *const STATUSES[] = {"active", "draft", "archived"};
	const char *status = adding_value(adding, COLUMN_STATUS);
	const char *published_text = adding_value(adding, COLUMN_PUBLISHED);
	bool published = true;

	if (adding->row->values[COLUMN_STATUS] == NULL &&
	    adding->row->values[COLUMN_PUBLISHED] == NULL)
		return true;
	if (*published_text != 0 && !import_bool(published_text, &published))
		return adding_complain(adding, COLUMN_PUBLISHED, "It must be true or false");
	if (*status == 0)
		status = "active";
	for (size_t i = 0; i < sizeof(STATUSES) / sizeof(STATUSES[0]); i++) {
		if (strcasecmp(status, STATUSES[i]) != 0)
			continue;
		*ret = i == 0 && !published ? "draft" : STATUSES[i];
		return true;
	}
	return adding_complain(adding, COLUMN_STATUS, "It must be active, draft or archived");
}

static bool has_tag(const struct buf *tags, const char *tag, size_t length)
{
	const char *next = tags->data;

	while (*next != 0) {
		size_t there = strcspn(next, (const char[]){IMPORT_BREAK, 0});

		if (there == length && memcmp(next, tag, length) == 0)
			return true;
		next += there + (next[there] != 0);
	}
	return false;
}

static bool take_tags(struct adding *adding, const char **ret)
{
	const char *value = adding->row->values[COLUMN_TAGS];
	size_t count = 0;

	if (value == NULL)
		return true;
	if (text_has_control(value))
		return adding_complain(adding, COLUMN_TAGS, "It has control characters");
	struct buf tags = buf_new(adding->batch->arena, strlen(value) + 1);
	while (*value != 0) {
		size_t rest = strcspn(value, ",");
		size_t length = rest;
		const char *tag = utf8_trim(value, &length);

		if (utf8_length(tag, length) > TAG_CHARACTERS)
			return adding_complain(adding, COLUMN_TAGS,
			                       "A tag is longer than 255 characters");
		if (length > 0 && !has_tag(&tags, tag, length)) {
			if (count++ == LIMIT_PRODUCT_TAGS)
				return adding_complain(adding, COLUMN_TAGS,
				                       "There are more than 250");
			if (tags.length > 0)
				buf_add_char(&tags, IMPORT_BREAK);
			buf_add(&tags, tag, length);
		}
		value += rest + (value[rest] == ',');
	}
	*ret = tags.data;
	return true;
}

static void take_description(struct adding *adding)
{
	struct import_product *product = adding->product;
	bool good = adding_text(adding, COLUMN_TITLE, TITLE_CHARACTERS, &product->title);

	good &= adding_text(adding, COLUMN_BODY, DESCRIPTION_CHARACTERS, &product->description);
	good &= adding_text(adding, COLUMN_TYPE, TYPE_CHARACTERS, &product->type);
	good &= adding_text(adding, COLUMN_CATEGORY, SLUG_CHARACTERS, &product->category_slug);
	good &= take_status(adding, &product->status);
	good &= take_tags(adding, &product->tags);
	if (!good)
		product->refused = true;
}

/* The batch ------------------------------------------------------------------------------------*/

static struct import_product *find_product(const struct import_batch *batch, const char *handle)
{
	uint64_t hash = hash_plain(handle, strlen(handle));

	/* The newest first: rows of a product mostly follow each other. */
	for (size_t i = batch->count; i-- > 0;) {
		struct import_product *product = batch->products[i];

		if (product->hash == hash && strcmp(product->handle, handle) == 0)
			return product;
	}
	return NULL;
}

static struct import_product *new_product(struct adding *adding)
{
	struct import_batch *batch = adding->batch;
	struct import_product *product = arena_alloc(batch->arena, sizeof(*product));

	adding->product = product;
	product->line = adding->row->line;
	product->option_count = -1;
	product->handle = "";
	if (!adding_text(adding, COLUMN_HANDLE, HANDLE_CHARACTERS, &product->handle))
		product->refused = true;
	else if (strpbrk(product->handle, " \t\r\n/?#") != NULL) {
		(void)adding_complain(adding, COLUMN_HANDLE, "It must not have blanks, /, ? or #");
		product->refused = true;
	}
	product->hash = hash_plain(product->handle, strlen(product->handle));
	/* What cannot be named cannot be continued, so it need not be kept. */
	if (!product->refused)
		batch->products[batch->count++] = product;
	return product;
}

void import_batch_add(struct import_batch *batch, const struct import_row *row)
{
	struct adding adding = {.batch = batch, .row = row};

	adding.product = find_product(batch, row->values[COLUMN_HANDLE]);
	if (adding.product == NULL)
		adding.product = new_product(&adding);
	if (adding.product->refused)
		return;
	if (adding.product->title == NULL && adding_has(&adding, COLUMN_TITLE))
		take_description(&adding);
	if (adding.product->option_count < 0 && adding_has(&adding, COLUMN_OPTION1_NAME))
		adding_option_names(&adding);
	if (adding.product->refused)
		return;
	if (adding_has_variant(&adding))
		adding_variant(&adding);
	if (adding_has(&adding, COLUMN_IMAGE))
		adding_image(&adding);
}

bool import_batch_is_full(const struct import_batch *batch, const struct import_row *row)
{
	if (batch->variant_count >= IMPORT_BATCH_VARIANTS ||
	    (batch->count > 0 && arena_used(batch->arena) >= IMPORT_BATCH_BYTES))
		return true;
	return batch->count == IMPORT_BATCH_PRODUCTS &&
	       find_product(batch, row->values[COLUMN_HANDLE]) == NULL;
}
