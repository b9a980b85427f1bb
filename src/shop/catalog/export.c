#include "shop/catalog/export.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "shop/catalog/import_csv.h"
#include "shop/catalog/text.h"

enum { OPTIONS = 3 };

static const char HEADER[] =
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,"
    "Image Position,Image Alt Text,Gift Card,Variant Image,Variant Weight Unit,Status,Category "
    "Slug\n";

void export_header(struct buf *buf)
{
	buf_add_str(buf, HEADER);
}

static void release(void *json)
{
	json_decref(json);
}

static const char *member(const json_t *array, size_t i, const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(array, i), key));

	return text == NULL ? "" : text;
}

static void add(struct buf *buf, const char *text)
{
	if (text != NULL)
		csv_add(buf, text);
	buf_add_char(buf, ',');
}

/* A row's first columns: the handle and, in the first row, what the product is. */
static void add_description(struct buf *buf, const struct export_products_row *product, bool first)
{
	add(buf, product->handle);
	add(buf, first ? product->title : NULL);
	add(buf, first ? product->description : NULL);
	add(buf, first ? product->vendor : NULL);
	add(buf, first ? product->type : NULL);
	add(buf, first ? product->tags : NULL);
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
		add(buf, first ? TEXT_DEFAULT_OPTION : NULL);
		add(buf, variant != NULL ? TEXT_DEFAULT_VALUE : NULL);
		buf_add_str(buf, ",,,,");
		return;
	}
	for (size_t i = 0; i < OPTIONS; i++) {
		add(buf, first ? member(options, i, "name") : NULL);
		add(buf, values[i]);
	}
}

static void add_money(struct buf *buf, const int64_t *amount, const char *currency)
{
	char text[32] = "";

	if (amount != NULL && *amount != 0)
		money_format_decimal(*amount, currency, text);
	add(buf, text);
}

static void add_variant(struct buf *buf, const struct export_products_row *product,
                        const struct export_variants_row *variant)
{
	char price[32];

	if (variant == NULL) {
		buf_add_str(buf, ",,,,,,,,,,,");
		return;
	}
	money_format_decimal(variant->price, product->currency, price);
	add(buf, variant->sku);
	buf_printf(buf, "%d,", variant->grams);
	if (variant->tracked)
		buf_printf(buf, "sebez,%" PRId64 ",", variant->available);
	else
		buf_add_str(buf, ",,");
	buf_printf(buf, "%s,manual,%s,", variant->backorder ? "continue" : "deny", price);
	add_money(buf, variant->compare_at, product->currency);
	buf_add_str(buf, "true,true,");
	add(buf, variant->barcode);
}

static void add_image(struct buf *buf, const json_t *images, size_t i)
{
	if (i >= json_array_size(images)) {
		buf_add_str(buf, ",,,");
		return;
	}
	add(buf, member(images, i, "url"));
	buf_printf(buf, "%zu,", i + 1);
	add(buf, member(images, i, "alt"));
}

void export_product(struct buf *buf, const struct export_products_row *product,
                    size_t variant_count, const struct export_variants_row variants[])
{
	json_t *options = json_loads(product->options, 0, NULL);
	json_t *images = json_loads(product->images, 0, NULL);
	size_t rows = variant_count;

	arena_defer(buf->arena, release, options);
	arena_defer(buf->arena, release, images);
	if (rows < json_array_size(images))
		rows = json_array_size(images);
	if (rows == 0)
		rows = 1;
	for (size_t i = 0; i < rows; i++) {
		const struct export_variants_row *variant = i < variant_count ? &variants[i] : NULL;

		add_description(buf, product, i == 0);
		add_options(buf, options, i == 0, variant);
		add_variant(buf, product, variant);
		add_image(buf, images, i);
		add(buf, i == 0 ? "false" : NULL);
		add(buf, variant != NULL ? variant->image : NULL);
		add(buf, variant != NULL ? "kg" : NULL);
		add(buf, i == 0 ? product->status : NULL);
		buf_add_str(buf, i == 0 && product->category != NULL ? product->category : "");
		buf_add_char(buf, '\n');
	}
}
