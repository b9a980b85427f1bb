#include "shop/catalog/import_product.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/html.h"
#include "base/limits.h"
#include "base/unicode.h"
#include "shop/catalog/import_adding.h"
#include "shop/catalog/text.h"
#include "shop/catalog/woo.h"

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
	assert(variant >= product->variants &&
	       variant < product->variants + product->variant_count);
	variant->refused = product->complained = true;
}

uint64_t import_variant_mark(struct uuid id)
{
	return hash_plain(id.bytes, sizeof(id.bytes));
}

void import_variant_warn(struct import_batch *batch, const struct import_variant *variant,
                         enum import_column column, const char *format, ...)
{
	char reason[IMPORT_REASON_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	import_warn(batch->report, batch->header, variant->line, column, "%s", reason);
}

/* The product's description --------------------------------------------------------------------*/

static const char *read_status(struct adding *adding)
{
	static const char *const STATUSES[] = {"active", "draft", "archived"};
	const char *status = adding_value(adding, COLUMN_STATUS);
	bool published = true;

	if (adding->row->values[COLUMN_STATUS] == NULL &&
	    adding->row->values[COLUMN_PUBLISHED] == NULL)
		return NULL;
	adding_bool(adding, COLUMN_PUBLISHED, &published);
	if (*status == 0)
		status = "active";
	for (size_t i = 0; i < sizeof(STATUSES) / sizeof(STATUSES[0]); i++) {
		if (strcasecmp(status, STATUSES[i]) == 0)
			return i == 0 && !published ? "draft" : STATUSES[i];
	}
	if (strcasecmp(status, "unlisted") == 0) {
		adding_warn(adding, COLUMN_STATUS, "An unlisted product was imported as a draft");
		return "draft";
	}
	adding_warn(
	    adding, COLUMN_STATUS,
	    "The status is not active, draft or archived: a new product becomes a draft, an "
	    "existing one keeps its status");
	adding->product->status_unknown = true;
	return NULL;
}

static bool has_tag(const struct buf *tags, const char *tag, size_t length)
{
	const char *next = tags->data;

	assert(length > 0 && memchr(tag, IMPORT_BREAK, length) == NULL);
	while (*next != 0) {
		size_t there = strcspn(next, (const char[]){IMPORT_BREAK, 0});

		if (there == length && memcmp(next, tag, length) == 0)
			return true;
		next += there + (next[there] != 0);
	}
	return false;
}

static const char *read_tags(struct adding *adding)
{
	const char *value = adding_text(adding, COLUMN_TAGS, CSV_FIELD_BYTES);
	size_t count = 0;

	if (value == NULL)
		return NULL;
	struct buf tags = buf_new(adding->batch->arena, strlen(value) + 1);
	while (*value != 0) {
		size_t rest = strcspn(value, ",");
		size_t length = rest;
		const char *tag = utf8_trim(value, &length);

		if (utf8_length(tag, length) > TAG_CHARACTERS) {
			adding_warn(adding, COLUMN_TAGS,
			            "A tag longer than 255 characters was ignored");
		} else if (length > 0 && !has_tag(&tags, tag, length)) {
			if (count++ == LIMIT_PRODUCT_TAGS) {
				adding_warn(adding, COLUMN_TAGS,
				            "Only the first 250 were imported");
				break;
			}
			if (tags.length > 0)
				buf_add_char(&tags, IMPORT_BREAK);
			buf_add(&tags, tag, length);
		}
		value += rest + (value[rest] == ',');
	}
	return tags.data;
}

/* As x-html in the contract. The cleaned text may be longer: stray special characters are
 * escaped. */
static const char *read_html(struct adding *adding)
{
	const char *text = adding_text(adding, COLUMN_BODY, DESCRIPTION_CHARACTERS);

	if (text == NULL)
		return NULL;
	const char *clean = html_clean(adding->batch->arena, text);

	if (utf8_length(clean, strlen(clean)) <= DESCRIPTION_CHARACTERS)
		return clean;
	adding_warn(adding, COLUMN_BODY, "The HTML is too long and was ignored");
	return NULL;
}

static void read_description(struct adding *adding)
{
	struct import_product *product = adding->product;

	product->title = adding_text(adding, COLUMN_TITLE, TITLE_CHARACTERS);
	product->description = read_html(adding);
	product->type = adding_text(adding, COLUMN_TYPE, TYPE_CHARACTERS);
	product->category_slug = adding_text(adding, COLUMN_CATEGORY, SLUG_CHARACTERS);
	product->status = read_status(adding);
	product->tags = read_tags(adding);
}

/* The batch ------------------------------------------------------------------------------------*/

static const char *key_of(const struct import_batch *batch, const char *handle)
{
	return unicode_lower(batch->arena, handle);
}

static struct import_product *find_product(const struct import_batch *batch, const char *key)
{
	uint64_t hash = hash_plain(key, strlen(key));

	/* Newest first: rows of a product are mostly adjacent. */
	for (size_t i = batch->count; i-- > 0;) {
		struct import_product *product = batch->products[i];

		if (product->hash == hash && strcmp(product->key, key) == 0)
			return product;
	}
	return NULL;
}

static struct import_product *new_product(struct adding *adding, const char *key)
{
	struct import_batch *batch = adding->batch;
	struct import_product *product = arena_alloc(batch->arena, sizeof(*product));
	const char *handle = adding_value(adding, COLUMN_HANDLE), *bad = NULL;

	adding->product = product;
	product->line = adding->row->line;
	product->option_count = -1;
	product->handle = arena_strdup(batch->arena, handle);
	product->key = key;
	product->hash = hash_plain(key, strlen(key));
	if (utf8_length(handle, strlen(handle)) > HANDLE_CHARACTERS)
		bad = "The handle is longer than 255 characters";
	else if (text_has_control(handle))
		bad = "The handle has control characters";
	else if (strpbrk(handle, " \t\r\n/?#") != NULL)
		bad = "The handle must not have spaces, /, ? or #";
	/* Later rows cannot continue a product with an invalid handle, so it is not kept. */
	if (bad == NULL) {
		assert(batch->count < IMPORT_BATCH_PRODUCTS); /* else it was full */
		batch->products[batch->count++] = product;
		return product;
	}
	adding_complain(adding, COLUMN_HANDLE, bad);
	product->refused = true;
	return product;
}

/* The file's first title of a handle describes the product. */
static void describe(struct adding *adding)
{
	struct import_product *product = adding->product;
	const char *title = adding_value(adding, COLUMN_TITLE);
	struct import_seen_entry *entry =
	    import_seen_at(adding->batch->seen, product->hash, adding->row->line);
	uint32_t hash = (uint32_t)hash_plain(title, strlen(title)) | 1;
	bool first = entry->title == 0;

	assert(!product->refused);
	adding->describes = (*title != 0 && first) || entry->line == (uint32_t)adding->row->line;
	if (adding->describes)
		product->extra = adding_extra(adding, false);
	if (*title != 0 && first) {
		entry->title = hash;
		entry->line = (uint32_t)adding->row->line;
		read_description(adding);
	} else if (*title != 0 && entry->title != hash) {
		adding_warn(adding, COLUMN_TITLE,
		            "The handle is that of line %u, so this row belongs to that product "
		            "and its title is ignored",
		            entry->line);
	}
	if (first && product->option_count < 0 && adding_has(adding, COLUMN_OPTION1_NAME))
		adding_option_names(adding);
}

/* Lines are mostly in order; a row that was held is inserted at its place. */
static struct import_line *add_line(struct import_batch *batch, int64_t line)
{
	struct import_lines *lines = &batch->lines;
	size_t at = lines->count++;

	lines->lines =
	    arena_room(batch->arena, lines->lines, at, &lines->room, sizeof(lines->lines[0]));
	for (; at > 0 && lines->lines[at - 1].line > line; at--)
		lines->lines[at] = lines->lines[at - 1];
	assert(line > 0 && (at == 0 || lines->lines[at - 1].line <= line));
	lines->lines[at] = (struct import_line){.line = line};
	return &lines->lines[at];
}

/* One image, or a list. */
static void add_images(struct adding *adding)
{
	const struct import_row *row = adding->row;
	struct import_row one = *row;
	const char *urls = row->values[COLUMN_IMAGE], *alts = row->values[COLUMN_IMAGE_ALT];

	if (row->header->dialect == IMPORT_SHOPIFY) {
		adding_image(adding);
		return;
	}
	adding->row = &one;
	while ((one.values[COLUMN_IMAGE] = woo_item(adding->batch->arena, &urls)) != NULL) {
		one.values[COLUMN_IMAGE_ALT] = woo_item(adding->batch->arena, &alts);
		adding_image(adding);
	}
	adding->row = row;
}

void import_batch_add(struct import_batch *batch, const struct import_row *row)
{
	assert(row->values[COLUMN_HANDLE] != NULL && row->warning_count <= IMPORT_ROW_WARNINGS);
	const char *key = key_of(batch, row->values[COLUMN_HANDLE]);
	struct adding adding = {.batch = batch, .row = row};
	struct import_line *line = add_line(batch, row->line);

	for (size_t i = 0; i < row->warning_count; i++)
		import_warn(batch->report, batch->header, row->line, row->warnings[i].column, "%s",
		            row->warnings[i].reason);
	adding.product = find_product(batch, key);
	if (adding.product == NULL)
		adding.product = new_product(&adding, key);
	line->product = adding.product;
	if (adding.product->refused)
		return;
	describe(&adding);
	if (adding_has_variant(&adding) && adding_variant(&adding))
		line->variant = adding.product->variant_count;
	if (adding_has(&adding, COLUMN_IMAGE))
		add_images(&adding);
}

bool import_batch_is_full(const struct import_batch *batch, const struct import_row *row)
{
	if (batch->variant_count >= IMPORT_BATCH_VARIANTS ||
	    (batch->lines.count > 0 && arena_used(batch->arena) >= IMPORT_BATCH_BYTES))
		return true;
	return batch->count == IMPORT_BATCH_PRODUCTS &&
	       find_product(batch, key_of(batch, row->values[COLUMN_HANDLE])) == NULL;
}

static int64_t *count_of(struct import_report *report, const struct import_line *line)
{
	const struct import_product *product = line->product;
	assert(product != NULL && line->variant <= product->variant_count);
	const struct import_variant *variant =
	    line->variant == 0 ? NULL : &product->variants[line->variant - 1];

	if (line->refused || product->refused)
		return &report->refused;
	if (line->warned)
		return &report->warned;
	if (variant == NULL ? !product->exists && !product->pending : !variant->exists)
		return &report->taken;
	return product->changed || (variant != NULL && variant->changed) ? &report->changed
	                                                                 : &report->unchanged;
}

void import_batch_count(const struct import_batch *batch)
{
	for (size_t i = 0; i < batch->lines.count; i++)
		(*count_of(batch->report, &batch->lines.lines[i]))++;
}
