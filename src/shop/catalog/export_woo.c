/*
 * export_woo: products as a WooCommerce product CSV. In addition to WooCommerce's columns it has
 * five of ours, which WooCommerce ignores, for values that WooCommerce has no column for.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/money.h"
#include "shop/catalog/export_parts.h"
#include "shop/catalog/import_columns.h"
#include "shop/catalog/woo.h"

enum { OPTIONS = 3, ATTRIBUTE_CELLS = 4 };

static const char HEADER[] =
    "Handle,Type,SKU,Name,Published,Status,Description,Categories,Category Slug,Tags,Images,"
    "Image Alt Text,Parent,In stock?,Stock,Backorders allowed?,Weight (kg),Regular price,"
    "Sale price,\"GTIN, UPC, EAN, or ISBN\",Variant Image,";

static const char *const CELLS[ATTRIBUTE_CELLS] = {"name", "value(s)", "visible", "global"};

/* A product being exported. */
struct woo_product {
	const struct export_columns *extras;
	const struct export_products_row *row;
	const json_t *options, *images;
	size_t attributes;     /* number of attribute columns of the file */
	size_t slots[OPTIONS]; /* attribute numbers of the options, from 1 */
};

/* Columns --------------------------------------------------------------------------------------*/

/* The number in "Attribute 12 name" (12); 0: not an attribute's name. */
static size_t attribute_of(const char *name)
{
	static const char PREFIX[] = "Attribute ";
	char *end;

	if (strncasecmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
		return 0;
	unsigned long number = strtoul(name + sizeof(PREFIX) - 1, &end, 10);

	for (size_t i = 0; i < ATTRIBUTE_CELLS && *end == ' '; i++) {
		if (strcmp(end + 1, CELLS[i]) == 0 && number <= IMPORT_ATTRIBUTES - OPTIONS)
			return number;
	}
	return 0;
}

static size_t attributes_of(const struct export_columns *extras)
{
	size_t largest = 0;

	for (size_t i = 0; i < extras->count; i++) {
		size_t number = attribute_of(extras->names[i]);

		largest = number > largest ? number : largest;
	}
	assert(largest + OPTIONS <= IMPORT_ATTRIBUTES); /* an import reads them all */
	return largest + OPTIONS;
}

bool export_woo_adds(const char *name)
{
	const char *spelled;
	enum import_column column = import_find_column(IMPORT_WOOCOMMERCE, name, &spelled);

	return extra_find(name) != &EXTRA_TRACKER && (column == COLUMN_NONE || column == COLUMN_ID);
}

void export_woo_header(struct buf *buf, const struct export_columns *extras)
{
	size_t attributes = attributes_of(extras);

	buf_add_str(buf, HEADER);
	for (size_t i = 1; i <= attributes; i++) {
		for (size_t c = 0; c < ATTRIBUTE_CELLS; c++)
			buf_printf(buf, "Attribute %zu %s,", i, CELLS[c]);
	}
	for (size_t i = 0; i < extras->count; i++) {
		if (attribute_of(extras->names[i]) == 0)
			export_add(buf, extras->names[i]);
	}
	assert(buf->data[buf->length - 1] == ',');
	buf->data[buf->length - 1] = '\n';
}

/* Attributes -----------------------------------------------------------------------------------*/

static const char *kept_cell(const struct export_parts *parts, size_t slot, size_t c)
{
	char name[40];

	assert(slot >= 1 && c < ATTRIBUTE_CELLS);
	snprintf(name, sizeof(name), "Attribute %zu %s", slot, CELLS[c]);
	return export_kept(parts, name);
}

/* Puts the options into the attribute columns that the product does not use otherwise. */
static void place_options(struct woo_product *product, const json_t *of_product)
{
	const struct export_parts parts = {.of_product = of_product};
	size_t slot = 0;

	for (size_t o = 0; o < OPTIONS; o++) {
		do
			slot++;
		while (slot < product->attributes && kept_cell(&parts, slot, 0) != NULL);
		product->slots[o] = slot;
	}
}

static const char *values_of(struct buf *buf, const json_t *options, size_t option)
{
	const json_t *values = json_object_get(json_array_get(options, option), "values");
	struct buf list = buf_new(buf->arena, 64);
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(values); i++) {
		const char *value = json_string_value(json_array_get(values, i));

		if (strcmp(value, WOO_ANY) != 0)
			woo_add_item(&list, count++, value);
	}
	return list.data;
}

static const char *item(struct buf *buf, const char *text)
{
	struct buf list = buf_new(buf->arena, 64);

	if (text != NULL && strcmp(text, WOO_ANY) != 0)
		woo_add_item(&list, 0, text);
	return list.data;
}

static void add_option(struct buf *buf, const struct woo_product *product, size_t option,
                       const struct export_variants_row *variant)
{
	export_add(buf, export_member(product->options, option, "name"));
	if (variant == NULL) {
		export_add(buf, values_of(buf, product->options, option));
	} else {
		const char *const values[OPTIONS] = {variant->option1, variant->option2,
		                                     variant->option3};

		export_add(buf, item(buf, values[option]));
	}
	buf_add_str(buf, "1,1,");
}

static void add_attributes(struct buf *buf, const struct woo_product *product,
                           const struct export_parts *parts)
{
	size_t options = json_array_size(product->options), option = 0;

	for (size_t slot = 1; slot <= product->attributes; slot++) {
		if (option < options && option < OPTIONS && product->slots[option] == slot) {
			add_option(buf, product, option++, parts->variant);
			continue;
		}
		for (size_t c = 0; c < ATTRIBUTE_CELLS; c++)
			export_add(buf, kept_cell(parts, slot, c));
	}
}

/* Rows -----------------------------------------------------------------------------------------*/

static void add_categories(struct buf *buf, const struct export_parts *parts)
{
	struct buf list = buf_new(buf->arena, 64);
	const char *others = export_kept(parts, "Categories");

	if (parts->product->type[0] != 0) {
		woo_add_item(&list, 0, parts->product->type);
		if (others != NULL)
			buf_printf(&list, ", %s", others);
	}
	export_add(buf, list.data);
}

static void add_images(struct buf *buf, const char *origin, const json_t *images)
{
	struct buf urls = buf_new(buf->arena, 256), alts = buf_new(buf->arena, 64);

	for (size_t i = 0; i < json_array_size(images); i++) {
		woo_add_item(&urls, i, export_picture(buf, origin, json_array_get(images, i)));
		woo_add_item(&alts, i, export_member(images, i, "alt"));
	}
	export_add(buf, urls.data);
	export_add(buf, alts.data);
}

/* The product's description, from its name to its images. A variation has only an image. */
static void add_description(struct buf *buf, const struct woo_product *product,
                            const struct export_parts *parts)
{
	const struct export_products_row *row = parts->product;

	if (row == NULL) {
		buf_add_str(buf, ",1,,,,,,");
		export_add(buf, item(buf, export_picture_text(buf, product->extras->origin,
		                                              parts->variant->image)));
		buf_add_char(buf, ',');
		return;
	}
	struct buf description = buf_new(buf->arena, strlen(row->description) + 16);

	woo_add_description(&description, row->description);
	export_add(buf, row->title);
	export_add(buf, strcmp(row->status, "active") == 0     ? "1"
	                : strcmp(row->status, "archived") == 0 ? "0"
	                                                       : "-1");
	export_add(buf, row->status);
	export_add(buf, description.data);
	add_categories(buf, parts);
	export_add(buf, row->category);
	export_add(buf, row->tags);
	add_images(buf, product->extras->origin, product->images);
}

static void add_weight(struct buf *buf, int grams)
{
	char text[32];
	size_t length = (size_t)snprintf(text, sizeof(text), "%d.%03d", grams / 1000, grams % 1000);

	assert(grams >= 0 && length < sizeof(text));
	while (text[length - 1] == '0')
		length--;
	text[text[length - 1] == '.' ? length - 1 : length] = 0;
	export_add(buf, text);
}

/* The variant's columns, from its stock to its barcode. */
static void add_variant(struct buf *buf, const struct export_variants_row *variant,
                        const char *currency)
{
	if (variant == NULL) {
		buf_add_str(buf, "1,,,,,,,");
		return;
	}
	bool sale = variant->compare_at != NULL && *variant->compare_at != 0;
	bool there = !variant->tracked || variant->backorder || variant->available > 0;
	char price[32];

	money_format_decimal(variant->price, currency, price);
	buf_add_str(buf, there ? "1," : "0,");
	if (variant->tracked)
		buf_printf(buf, "%" PRId64, variant->available);
	buf_printf(buf, ",%d,", variant->backorder);
	add_weight(buf, variant->grams);
	if (sale)
		export_add_money(buf, variant->compare_at, currency);
	export_add(buf, price);
	if (!sale)
		buf_add_char(buf, ',');
	export_add(buf, variant->barcode);
}

static void add_rest(struct buf *buf, const struct woo_product *product,
                     const struct export_parts *parts)
{
	const struct export_columns *extras = product->extras;

	for (size_t i = 0; i < extras->count; i++) {
		const struct extra_column *column = extra_find(extras->names[i]);

		if (attribute_of(extras->names[i]) != 0)
			continue;
		if (column == NULL)
			export_add(buf, export_kept(parts, extras->names[i]));
		else
			export_add_extra(buf, parts, column,
			                 column->usual == NULL ? product->row->vendor
			                                       : column->usual);
	}
	buf->data[buf->length - 1] = '\n';
}

static void add_row(struct buf *buf, const struct woo_product *product, const char *type,
                    const struct export_parts *parts)
{
	assert(parts->product != NULL || parts->variant != NULL);
	const struct export_variants_row *variant = parts->variant;
	const char *image = variant == NULL
	                        ? NULL
	                        : export_picture_text(buf, product->extras->origin, variant->image);
	bool described = parts->product != NULL;

	export_add(buf, described ? product->row->handle : NULL);
	export_add(buf, type);
	export_add(buf, variant != NULL ? variant->sku : product->row->handle);
	add_description(buf, product, parts);
	export_add(buf, described ? NULL : product->row->handle);
	add_variant(buf, variant, product->row->currency);
	export_add(buf, described ? image : NULL);
	add_attributes(buf, product, parts);
	add_rest(buf, product, parts);
}

void export_woo_product(struct buf *buf, const struct export_columns *extras,
                        const struct export_products_row *row, size_t variant_count,
                        const struct export_variants_row variants[])
{
	struct woo_product product = {
	    .extras = extras,
	    .row = row,
	    .options = export_json(buf, row->options),
	    .images = export_json(buf, row->images),
	    .attributes = attributes_of(extras),
	};
	struct export_parts parts = {
	    .product = row,
	    .of_product = export_json(buf, row->extra),
	};
	bool simple = json_array_size(product.options) == 0 && variant_count == 1;

	place_options(&product, parts.of_product);
	if (simple) {
		parts.variant = &variants[0];
		parts.of_variant = export_json(buf, variants[0].extra);
	}
	add_row(buf, &product, simple ? "simple" : "variable", &parts);
	for (size_t i = 0; i < variant_count && !simple; i++) {
		const struct export_parts variation = {
		    .variant = &variants[i],
		    .of_variant = export_json(buf, variants[i].extra),
		};

		add_row(buf, &product, "variation", &variation);
	}
}
