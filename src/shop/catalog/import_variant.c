/*
 * The options, variants and images of a row.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/unicode.h"
#include "shop/catalog/import_adding.h"
#include "shop/catalog/import_value.h"
#include "shop/catalog/text.h"

enum {
	OPTION_NAME_CHARACTERS = 60,
	OPTION_VALUE_CHARACTERS = 255,
	SKU_CHARACTERS = 255,
	BARCODE_CHARACTERS = 64,
	ALT_CHARACTERS = 512,
	GRAMS_MAX = 100000000,
};

/* Options --------------------------------------------------------------------------------------*/

static const enum import_column OPTION_NAMES[] = {COLUMN_OPTION1_NAME, COLUMN_OPTION2_NAME,
                                                  COLUMN_OPTION3_NAME};
static const enum import_column OPTION_VALUES[] = {COLUMN_OPTION1_VALUE, COLUMN_OPTION2_VALUE,
                                                   COLUMN_OPTION3_VALUE};

_Static_assert(sizeof(OPTION_NAMES) / sizeof(OPTION_NAMES[0]) == IMPORT_OPTIONS &&
                   sizeof(OPTION_VALUES) / sizeof(OPTION_VALUES[0]) == IMPORT_OPTIONS,
               "a column for each option");

static bool is_default(const struct adding *adding)
{
	return strcasecmp(adding_value(adding, COLUMN_OPTION1_VALUE), TEXT_DEFAULT_VALUE) == 0;
}

static void read_option_name(struct adding *adding, int i)
{
	struct import_product *product = adding->product;
	enum import_column column = OPTION_NAMES[i];

	if (!adding_has(adding, column))
		return;
	if (product->option_count < i) {
		adding_warn(adding, column, "The value has no option name and was ignored");
		return;
	}
	assert(product->option_count == i);
	const char *name = adding_text(adding, column, OPTION_NAME_CHARACTERS);
	for (int before = 0; before < i; before++) {
		if (strcasecmp(product->option_names[before], name) == 0)
			name = arena_printf(adding->batch->arena, "%s %d", name, i + 1);
	}
	if (strcmp(name, adding_value(adding, column)) != 0)
		adding_warn(adding, column, "The option is named \"%s\"", name);
	product->option_names[i] = name;
	product->option_count = i + 1;
}

void adding_option_names(struct adding *adding)
{
	struct import_product *product = adding->product;

	product->option_count = 0;
	if (!adding_has(adding, COLUMN_OPTION2_NAME) &&
	    text_is_default_option(1, adding_value(adding, COLUMN_OPTION1_NAME),
	                           adding_value(adding, COLUMN_OPTION1_VALUE)))
		return;
	for (int i = 0; i < IMPORT_OPTIONS; i++)
		read_option_name(adding, i);
}

void import_check_options(struct import_batch *batch, struct import_product *product)
{
	assert(product->option_count >= 0 && product->option_count <= IMPORT_OPTIONS);
	for (size_t i = 0; i < product->variant_count; i++) {
		struct import_variant *variant = &product->variants[i];

		for (int o = 0; o < IMPORT_OPTIONS && !variant->refused; o++) {
			bool given = variant->options[o][0] != 0;

			if (given && o >= product->option_count)
				import_variant_refuse(batch, product, variant, OPTION_VALUES[o],
				                      "The product has no such option");
			else if (!given && o < product->option_count)
				import_variant_refuse(batch, product, variant, OPTION_VALUES[o],
				                      "The value of option \"%s\" is missing",
				                      product->option_names[o]);
		}
		if (!variant->refused &&
		    text_is_default_option((size_t)product->option_count, product->option_names[0],
		                           variant->options[0]))
			import_variant_refuse(
			    batch, product, variant, OPTION_VALUES[0],
			    "The value says that there are no options, but there are some");
	}
}

/* Variants -------------------------------------------------------------------------------------*/

static void read_policy(struct adding *adding, int32_t *ret)
{
	const char *value = adding_value(adding, COLUMN_POLICY);
	bool backorder = *ret == 1;

	if (*value == 0)
		return;
	if (strcasecmp(value, "continue") == 0) {
		*ret = 1;
	} else if (strcasecmp(value, "deny") == 0) {
		*ret = 0;
	} else if (import_bool(value, &backorder)) {
		*ret = backorder;
	} else if (import_local_bool(unicode_lower(adding->batch->arena, value), &backorder)) {
		adding_warn(adding, COLUMN_POLICY, "\"%.40s\" was read as %s", value,
		            backorder ? "continue" : "deny");
		*ret = backorder;
	} else {
		adding_warn(adding, COLUMN_POLICY,
		            "\"%.40s\" is not deny or continue and was ignored", value);
	}
}

static void read_options(struct adding *adding, struct import_variant *variant)
{
	for (int i = 0; i < IMPORT_OPTIONS; i++)
		variant->options[i] =
		    adding_option(adding, OPTION_VALUES[i], OPTION_VALUE_CHARACTERS);
	if (adding->product->option_count <= 0 && is_default(adding))
		variant->options[0] = "";
}

/* The line of an earlier row with a variant of the same options; 0: none. */
static int64_t seen_before(struct adding *adding, const struct import_variant *variant)
{
	struct buf key = buf_new(adding->batch->arena, 128);

	buf_add_str(&key, adding->product->key);
	for (int i = 0; i < IMPORT_OPTIONS; i++) {
		buf_add_char(&key, IMPORT_BREAK);
		buf_add_str(&key, variant->options[i]);
	}
	const struct import_seen_entry *entry = import_seen_at(
	    adding->batch->seen, hash_plain(key.data, key.length), adding->row->line);
	return entry->line == (uint32_t)adding->row->line ? 0 : entry->line;
}

bool adding_has_variant(const struct adding *adding)
{
	static const enum import_column SIGNS[] = {
	    COLUMN_SKU,           COLUMN_PRICE,         COLUMN_QUANTITY, COLUMN_OPTION1_VALUE,
	    COLUMN_OPTION2_VALUE, COLUMN_OPTION3_VALUE, COLUMN_BARCODE,
	};

	for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
		if (adding_has(adding, SIGNS[i]))
			return true;
	}
	return false;
}

static void read_cells(struct adding *adding, struct import_variant *variant)
{
	struct import_batch *batch = adding->batch;

	if (!adding_money(adding, COLUMN_PRICE, &variant->price))
		variant->bad_price = arena_strdup(batch->arena, adding_value(adding, COLUMN_PRICE));
	if (!adding_money(adding, COLUMN_COMPARE_AT, &variant->compare_at)) {
		adding_warn(adding, COLUMN_COMPARE_AT,
		            "\"%.40s\" is not an amount of %s and was ignored",
		            adding_value(adding, COLUMN_COMPARE_AT), batch->currency);
		variant->compare_at = -1;
	}
	read_policy(adding, &variant->backorder);
	adding_grams(adding, COLUMN_GRAMS, GRAMS_MAX, &variant->grams);
	/* Untracked variants may have any quantity. */
	if (variant->tracked != 0)
		adding_whole(adding, COLUMN_QUANTITY, -LIMIT_STOCK, LIMIT_STOCK,
		             &variant->quantity);
	variant->sku = adding_code(adding, COLUMN_SKU, SKU_CHARACTERS);
	variant->barcode = adding_code(adding, COLUMN_BARCODE, BARCODE_CHARACTERS);
	if (variant->barcode == NULL && adding->row->values[COLUMN_BARCODE] != NULL &&
	    !adding_has(adding, COLUMN_BARCODE))
		variant->barcode = "";
	variant->extra = adding_extra(adding, true);
	variant->image = adding_address(adding, COLUMN_VARIANT_IMAGE);
	if (variant->image == NULL && adding->row->values[COLUMN_VARIANT_IMAGE] != NULL &&
	    !adding_has(adding, COLUMN_VARIANT_IMAGE))
		variant->image = "";
}

bool adding_variant(struct adding *adding)
{
	struct import_product *product = adding->product;
	struct import_variant variant = {
	    .line = adding->row->line,
	    .price = -1,
	    .compare_at = adding->row->values[COLUMN_COMPARE_AT] == NULL ? -1 : 0,
	    .quantity = IMPORT_KEEP,
	    .grams = -1,
	    .tracked = adding->row->values[COLUMN_TRACKER] == NULL
	                   ? -1
	                   : adding_has(adding, COLUMN_TRACKER),
	    .backorder = -1,
	};

	read_options(adding, &variant);
	int64_t before = seen_before(adding, &variant);
	if (before != 0) {
		char reason[80];

		snprintf(reason, sizeof(reason), "The variant is the same as in line %lld",
		         (long long)before);
		adding_complain(adding, OPTION_VALUES[0], reason);
		return false;
	}
	if (product->variant_count == LIMIT_PRODUCT_VARIANTS) {
		adding_complain(adding, COLUMN_NONE, "The product has more than 250 variants");
		return false;
	}
	read_cells(adding, &variant);
	assert(variant.price >= -1 && variant.price <= IMPORT_PRICE_MAX &&
	       variant.compare_at >= -1);
	assert(variant.quantity == IMPORT_KEEP ||
	       (variant.quantity >= -LIMIT_STOCK && variant.quantity <= LIMIT_STOCK));
	product->variants =
	    arena_room(adding->batch->arena, product->variants, product->variant_count,
	               &product->variant_room, sizeof(variant));
	product->variants[product->variant_count++] = variant;
	adding->batch->variant_count++;
	return true;
}

/* Images ---------------------------------------------------------------------------------------*/

static struct import_image *find_image(struct import_product *product, const char *url)
{
	for (size_t i = 0; i < product->image_count; i++) {
		if (strcmp(product->images[i].url, url) == 0)
			return &product->images[i];
	}
	return NULL;
}

static void insert_image(struct import_batch *batch, struct import_product *product,
                         struct import_image image)
{
	assert(image.url != NULL && product->image_count < LIMIT_PRODUCT_IMAGES);
	size_t at = product->image_count++;

	product->images =
	    arena_room(batch->arena, product->images, at, &product->image_room, sizeof(image));
	for (; at > 0 && product->images[at - 1].position > image.position; at--)
		product->images[at] = product->images[at - 1];
	product->images[at] = image;
}

void adding_image(struct adding *adding)
{
	struct import_product *product = adding->product;
	const char *url = adding_address(adding, COLUMN_IMAGE);
	struct import_image image = {.position = INT32_MAX, .url = url};

	if (url == NULL)
		return;
	adding_whole(adding, COLUMN_IMAGE_POSITION, 0, INT32_MAX - 1, &image.position);
	image.alt = adding_text(adding, COLUMN_IMAGE_ALT, ALT_CHARACTERS);
	if (image.alt == NULL)
		image.alt = "";
	/* Some exports repeat the product's image for each variant. */
	if (find_image(product, url) != NULL)
		return;
	if (product->image_count == LIMIT_PRODUCT_IMAGES) {
		adding_warn(adding, COLUMN_IMAGE,
		            "The product has more than 250 images; this one was ignored");
		return;
	}
	insert_image(adding->batch, product, image);
}

/* SKUs -----------------------------------------------------------------------------------------*/

enum { SKU_SLOTS = 8192 };

_Static_assert(SKU_SLOTS > 2 * IMPORT_BATCH_VARIANTS, "searches for a slot are short");

void import_check_skus(struct import_batch *batch)
{
	struct import_variant **slots =
	    arena_array(batch->work, SKU_SLOTS, sizeof(struct import_variant *));

	assert(batch->variant_count < SKU_SLOTS); /* one slot stays free */
	for (size_t p = 0; p < batch->count; p++) {
		struct import_product *product = batch->products[p];

		for (size_t v = 0; v < product->variant_count && !product->refused; v++) {
			struct import_variant *variant = &product->variants[v];

			if (variant->sku == NULL || variant->refused)
				continue;
			size_t slot = hash_plain(variant->sku, strlen(variant->sku)) % SKU_SLOTS;
			while (slots[slot] != NULL && strcmp(slots[slot]->sku, variant->sku) != 0)
				slot = (slot + 1) % SKU_SLOTS;
			if (slots[slot] == NULL) {
				slots[slot] = variant;
				continue;
			}
			import_variant_warn(batch, variant, COLUMN_SKU,
			                    "\"%.100s\" is also the SKU of line %lld", variant->sku,
			                    (long long)slots[slot]->line);
			variant->sku_warned = true;
		}
	}
}
