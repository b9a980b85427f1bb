/*
 * What a row says of a product's options, its variants and its images.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/limits.h"
#include "shop/catalog/import_adding.h"
#include "shop/catalog/import_value.h"
#include "shop/catalog/text.h"

enum {
	OPTION_NAME_CHARACTERS = 60,
	OPTION_VALUE_CHARACTERS = 255,
	SKU_CHARACTERS = 100,
	BARCODE_CHARACTERS = 64,
	ALT_CHARACTERS = 512,
	GRAMS_MAX = 100000000,
};

/* Options --------------------------------------------------------------------------------------*/

static const enum import_column OPTION_NAMES[] = {COLUMN_OPTION1_NAME, COLUMN_OPTION2_NAME,
                                                  COLUMN_OPTION3_NAME};
static const enum import_column OPTION_VALUES[] = {COLUMN_OPTION1_VALUE, COLUMN_OPTION2_VALUE,
                                                   COLUMN_OPTION3_VALUE};

static bool is_default(const struct adding *adding)
{
	return strcasecmp(adding_value(adding, COLUMN_OPTION1_VALUE), TEXT_DEFAULT_VALUE) == 0;
}

static bool take_option_name(struct adding *adding, int i)
{
	struct import_product *product = adding->product;
	enum import_column column = OPTION_NAMES[i];

	if (!adding_has(adding, column))
		return true;
	if (product->option_count < i)
		return adding_complain(adding, column, "The option before it has no name");
	if (!adding_text(adding, column, OPTION_NAME_CHARACTERS, &product->option_names[i]))
		return false;
	for (int before = 0; before < i; before++) {
		if (strcasecmp(product->option_names[before], product->option_names[i]) == 0)
			return adding_complain(adding, column, "Two options have this name");
	}
	product->option_count = i + 1;
	return true;
}

void adding_option_names(struct adding *adding)
{
	struct import_product *product = adding->product;

	product->option_count = 0;
	if (!adding_has(adding, COLUMN_OPTION2_NAME) &&
	    text_is_default_option(1, adding_value(adding, COLUMN_OPTION1_NAME),
	                           adding_value(adding, COLUMN_OPTION1_VALUE)))
		return;
	for (int i = 0; i < IMPORT_OPTIONS; i++) {
		if (!take_option_name(adding, i))
			product->refused = true;
	}
}

void import_check_options(struct import_batch *batch, struct import_product *product)
{
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
			import_variant_refuse(batch, product, variant, OPTION_VALUES[0],
			                      "It says that there are no options, but there are");
		for (size_t j = 0; j < i && !variant->refused; j++) {
			const struct import_variant *before = &product->variants[j];

			if (!before->refused &&
			    strcmp(before->options[0], variant->options[0]) == 0 &&
			    strcmp(before->options[1], variant->options[1]) == 0 &&
			    strcmp(before->options[2], variant->options[2]) == 0)
				import_variant_refuse(batch, product, variant, OPTION_VALUES[0],
				                      "It is the same variant as in line %lld",
				                      (long long)before->line);
		}
	}
}

/* Variants -------------------------------------------------------------------------------------*/

static bool take_price(struct adding *adding, enum import_column column, int64_t *ret)
{
	int64_t amount;

	if (!adding_has(adding, column))
		return true;
	if (!import_money(adding_value(adding, column), adding->batch->currency, &amount) ||
	    amount > IMPORT_PRICE_MAX) {
		char reason[IMPORT_REASON_BYTES];

		snprintf(reason, sizeof(reason), "\"%.40s\" is not an amount of %s",
		         adding_value(adding, column), adding->batch->currency);
		return adding_complain(adding, column, reason);
	}
	*ret = amount;
	return true;
}

static bool take_policy(struct adding *adding, int32_t *ret)
{
	const char *value = adding_value(adding, COLUMN_POLICY);
	bool backorder;

	if (*value == 0)
		return true;
	if (strcasecmp(value, "continue") == 0)
		*ret = 1;
	else if (strcasecmp(value, "deny") == 0)
		*ret = 0;
	else if (import_bool(value, &backorder))
		*ret = backorder;
	else
		return adding_complain(adding, COLUMN_POLICY, "It must be deny or continue");
	return true;
}

static bool take_quantity(struct adding *adding, struct import_variant *variant)
{
	int64_t quantity;

	/* What is not counted may have any number beside it. */
	if (variant->tracked == 0 || !adding_has(adding, COLUMN_QUANTITY))
		return true;
	if (!import_whole(adding_value(adding, COLUMN_QUANTITY), -LIMIT_STOCK, LIMIT_STOCK,
	                  &quantity))
		return adding_complain(adding, COLUMN_QUANTITY, "It must be a whole number");
	if (quantity < 0 && variant->backorder != 1)
		return adding_complain(adding, COLUMN_QUANTITY,
		                       "It may be below zero only when the policy is continue");
	variant->quantity = (int32_t)quantity;
	return true;
}

static bool take_grams(struct adding *adding, int32_t *ret)
{
	int64_t grams;

	if (!adding_has(adding, COLUMN_GRAMS))
		return true;
	if (!import_rounded(adding_value(adding, COLUMN_GRAMS), GRAMS_MAX, &grams))
		return adding_complain(adding, COLUMN_GRAMS, "It must be a number of grams");
	*ret = (int32_t)grams;
	return true;
}

static bool take_variant_image(struct adding *adding, const char **ret)
{
	const char *value = adding->row->values[COLUMN_VARIANT_IMAGE];

	if (value != NULL && *value != 0 && !text_is_web_address(value))
		return adding_complain(
		    adding, COLUMN_VARIANT_IMAGE,
		    "It must be the web address of a public host, without a password");
	if (value != NULL)
		*ret = arena_strdup(adding->batch->arena, value);
	return true;
}

static bool take_options(struct adding *adding, struct import_variant *variant)
{
	for (int i = 0; i < IMPORT_OPTIONS; i++) {
		variant->options[i] = "";
		if (adding_has(adding, OPTION_VALUES[i]) &&
		    !adding_text(adding, OPTION_VALUES[i], OPTION_VALUE_CHARACTERS,
		                 &variant->options[i]))
			return false;
	}
	if (adding->product->option_count <= 0 && is_default(adding))
		variant->options[0] = "";
	return true;
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

/* A larger array once it is full; the bytes stay the arena's. */
static void *room_for_one(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 4 : *room * 2;

	if (count < *room)
		return items;
	items = arena_grow(arena, items, *room * size, more * size);
	*room = more;
	return items;
}

void adding_variant(struct adding *adding)
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
	bool good = take_options(adding, &variant);

	good &= take_price(adding, COLUMN_PRICE, &variant.price);
	good &= take_price(adding, COLUMN_COMPARE_AT, &variant.compare_at);
	good &= take_policy(adding, &variant.backorder);
	good &= take_grams(adding, &variant.grams);
	good &= adding_text(adding, COLUMN_BARCODE, BARCODE_CHARACTERS, &variant.barcode);
	good &= take_variant_image(adding, &variant.image);

	if (good && adding_has(adding, COLUMN_SKU))
		good = adding_text(adding, COLUMN_SKU, SKU_CHARACTERS, &variant.sku);
	if (!good || !take_quantity(adding, &variant))
		return;
	if (product->variant_count == LIMIT_PRODUCT_VARIANTS) {
		(void)adding_complain(adding, COLUMN_NONE,
		                      "The product has more than 250 variants");
		return;
	}
	product->variants =
	    room_for_one(adding->batch->arena, product->variants, product->variant_count,
	                 &product->variant_room, sizeof(variant));
	product->variants[product->variant_count++] = variant;
	adding->batch->variant_count++;
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
	size_t at = product->image_count++;

	product->images =
	    room_for_one(batch->arena, product->images, at, &product->image_room, sizeof(image));
	for (; at > 0 && product->images[at - 1].position > image.position; at--)
		product->images[at] = product->images[at - 1];
	product->images[at] = image;
}

void adding_image(struct adding *adding)
{
	struct import_product *product = adding->product;
	const char *url = adding_value(adding, COLUMN_IMAGE);
	struct import_image image = {.position = INT32_MAX, .alt = ""};
	int64_t position;

	if (!text_is_web_address(url)) {
		(void)adding_complain(
		    adding, COLUMN_IMAGE,
		    "It must be the web address of a public host, without a password");
		return;
	}
	if (adding_has(adding, COLUMN_IMAGE_POSITION)) {
		if (!import_whole(adding_value(adding, COLUMN_IMAGE_POSITION), 0, INT32_MAX,
		                  &position)) {
			(void)adding_complain(adding, COLUMN_IMAGE_POSITION,
			                      "It must be a whole number");
			return;
		}
		image.position = (int32_t)position;
	}
	if (!adding_text(adding, COLUMN_IMAGE_ALT, ALT_CHARACTERS, &image.alt))
		return;
	/* Some exports repeat the product's image beside each variant. */
	if (find_image(product, url) != NULL)
		return;
	if (product->image_count == LIMIT_PRODUCT_IMAGES) {
		(void)adding_complain(adding, COLUMN_IMAGE, "The product has more than 250 images");
		return;
	}
	image.url = arena_strdup(adding->batch->arena, url);
	insert_image(adding->batch, product, image);
}

/* SKUs -----------------------------------------------------------------------------------------*/

enum { SKU_SLOTS = 8192 }; /* more than twice a batch's variants */

void import_check_skus(struct import_batch *batch)
{
	struct import_variant **slots =
	    arena_array(batch->work, SKU_SLOTS, sizeof(struct import_variant *));

	for (size_t p = 0; p < batch->count; p++) {
		struct import_product *product = batch->products[p];

		for (size_t v = 0; v < product->variant_count && !product->refused; v++) {
			struct import_variant *variant = &product->variants[v];

			if (variant->sku == NULL || variant->refused)
				continue;
			size_t slot = hash_plain(variant->sku, strlen(variant->sku)) % SKU_SLOTS;
			while (slots[slot] != NULL && strcmp(slots[slot]->sku, variant->sku) != 0)
				slot = (slot + 1) % SKU_SLOTS;
			if (slots[slot] == NULL)
				slots[slot] = variant;
			else
				import_variant_refuse(batch, product, variant, COLUMN_SKU,
				                      "\"%s\" is the SKU of line %lld already",
				                      variant->sku, (long long)slots[slot]->line);
		}
	}
}
