#include "shop/catalog/export.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "shop/catalog/export_parts.h"
#include "shop/catalog/extra.h"
#include "shop/catalog/import_csv.h"
#include "shop/catalog/text.h"
#include "shop/image.h"

enum { OPTIONS = 3 };

static const char HEADER[] =
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,"
    "Image Position,Image Alt Text,Gift Card,Variant Image,Variant Weight Unit,Status,Category "
    "Slug";

void export_header(struct buf *buf, const struct export_columns *extras)
{
	buf_add_str(buf, HEADER);
	for (size_t i = 0; i < extras->count; i++) {
		buf_add_char(buf, ',');
		csv_add(buf, extras->names[i]);
	}
	buf_add_char(buf, '\n');
}

static void release(void *json)
{
	json_decref(json);
}

const char *export_member(const json_t *array, size_t i, const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(array, i), key));

	return text == NULL ? "" : text;
}

const char *export_kept(const struct export_parts *parts, const char *name)
{
	const json_t *value = json_object_get(parts->of_variant, name);

	if (value == NULL)
		value = json_object_get(parts->of_product, name);
	return json_string_value(value);
}

void export_add(struct buf *buf, const char *text)
{
	if (text != NULL)
		csv_add(buf, text);
	buf_add_char(buf, ',');
}

void export_add_extra(struct buf *buf, const struct export_parts *parts,
                      const struct extra_column *column, const char *usual)
{
	const char *text = export_kept(parts, column->name);
	assert(usual != NULL);
	bool has = column->of_variant ? parts->variant != NULL : parts->product != NULL;

	export_add(buf, text != NULL ? text : has ? usual : NULL);
}

/* A row's first columns: the handle and, in the first row, the product's description. */
static void add_description(struct buf *buf, const struct export_products_row *product,
                            const struct export_parts *parts)
{
	bool first = parts->product != NULL;

	export_add(buf, product->handle);
	export_add(buf, first ? product->title : NULL);
	export_add(buf, first ? product->description : NULL);
	export_add_extra(buf, parts, &EXTRA_VENDOR, product->vendor);
	export_add(buf, first ? product->type : NULL);
	export_add(buf, first ? product->tags : NULL);
	if (first)
		buf_add_str(buf, strcmp(product->status, "active") == 0 ? "true" : "false");
	buf_add_char(buf, ',');
}

static void add_options(struct buf *buf, const json_t *options, bool first,
                        const struct export_variants_row *variant)
{
	const char *values[OPTIONS] = {NULL};

	if (variant != NULL) {
		values[0] = variant->option1;
		values[1] = variant->option2;
		values[2] = variant->option3;
	}
	if (json_array_size(options) == 0) {
		export_add(buf, first ? TEXT_DEFAULT_OPTION : NULL);
		export_add(buf, variant != NULL ? TEXT_DEFAULT_VALUE : NULL);
		buf_add_str(buf, ",,,,");
		return;
	}
	for (size_t i = 0; i < OPTIONS; i++) {
		export_add(buf, first ? export_member(options, i, "name") : NULL);
		export_add(buf, values[i]);
	}
}

void export_add_money(struct buf *buf, const int64_t *amount, const char *currency)
{
	char text[32] = "";

	if (amount != NULL && *amount != 0)
		money_format_decimal(*amount, currency, text);
	export_add(buf, text);
}

static void add_variant(struct buf *buf, const char *currency, const struct export_parts *parts)
{
	const struct export_variants_row *variant = parts->variant;
	char price[32];

	if (variant == NULL) {
		buf_add_str(buf, ",,,,,,,,,,,");
		return;
	}
	money_format_decimal(variant->price, currency, price);
	export_add(buf, variant->sku);
	buf_printf(buf, "%d,", variant->grams);
	if (variant->tracked) {
		export_add_extra(buf, parts, &EXTRA_TRACKER, EXTRA_TRACKER.usual);
		buf_printf(buf, "%" PRId64, variant->available);
	} else {
		buf_add_char(buf, ',');
	}
	buf_printf(buf, ",%s,", variant->backorder ? "continue" : "deny");
	export_add_extra(buf, parts, &EXTRA_SERVICE, EXTRA_SERVICE.usual);
	export_add(buf, price);
	export_add_money(buf, variant->compare_at, currency);
	export_add_extra(buf, parts, &EXTRA_SHIPPING, EXTRA_SHIPPING.usual);
	export_add_extra(buf, parts, &EXTRA_TAXABLE, EXTRA_TAXABLE.usual);
	export_add(buf, variant->barcode);
}

static void add_image(struct buf *buf, const char *origin, const json_t *images, size_t i)
{
	if (i >= json_array_size(images)) {
		buf_add_str(buf, ",,,");
		return;
	}
	export_add(buf, export_picture(buf, origin, json_array_get(images, i)));
	buf_printf(buf, "%zu,", i + 1);
	export_add(buf, export_member(images, i, "alt"));
}

json_t *export_json(struct buf *buf, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	arena_defer(buf->arena, release, json);
	return json;
}

const char *export_picture(struct buf *buf, const char *origin, const json_t *image)
{
	return image_address(buf->arena, origin, image);
}

const char *export_picture_text(struct buf *buf, const char *origin, const char *image)
{
	return image == NULL ? NULL : export_picture(buf, origin, export_json(buf, image));
}

/* The columns after the gift card's. */
static void add_rest(struct buf *buf, const struct export_products_row *product,
                     const struct export_parts *parts, const struct export_columns *extras)
{
	export_add(buf, parts->variant != NULL
	                    ? export_picture_text(buf, extras->origin, parts->variant->image)
	                    : NULL);
	export_add_extra(buf, parts, &EXTRA_UNIT, EXTRA_UNIT.usual);
	export_add(buf, parts->product != NULL ? product->status : NULL);
	if (parts->product != NULL && product->category != NULL)
		csv_add(buf, product->category);
	for (size_t i = 0; i < extras->count; i++) {
		const char *text = export_kept(parts, extras->names[i]);

		buf_add_char(buf, ',');
		if (text != NULL)
			csv_add(buf, text);
	}
	buf_add_char(buf, '\n');
}

void export_product(struct buf *buf, const struct export_columns *extras,
                    const struct export_products_row *product, size_t variant_count,
                    const struct export_variants_row variants[])
{
	const json_t *options = export_json(buf, product->options);
	const json_t *images = export_json(buf, product->images);
	const json_t *of_product = export_json(buf, product->extra);
	size_t rows = variant_count;

	assert(variant_count == 0 || variants != NULL);
	if (rows < json_array_size(images))
		rows = json_array_size(images);
	if (rows == 0)
		rows = 1;
	for (size_t i = 0; i < rows; i++) {
		const struct export_variants_row *variant = i < variant_count ? &variants[i] : NULL;
		const struct export_parts parts = {
		    .product = i == 0 ? product : NULL,
		    .variant = variant,
		    .of_product = i == 0 ? of_product : NULL,
		    .of_variant = variant != NULL ? export_json(buf, variant->extra) : NULL,
		};

		add_description(buf, product, &parts);
		add_options(buf, options, i == 0, variant);
		add_variant(buf, product->currency, &parts);
		add_image(buf, extras->origin, images, i);
		export_add_extra(buf, &parts, &EXTRA_GIFT_CARD, EXTRA_GIFT_CARD.usual);
		add_rest(buf, product, &parts, extras);
	}
}
