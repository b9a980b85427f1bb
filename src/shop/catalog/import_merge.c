/*
 * import_merge: merges a stored product with the file's: nothing is lost, and a file without
 * changes changes nothing.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "shop/catalog/import_match.h"
#include "shop/image.h"

enum { JSON_BYTES = 256 };

static void release(void *json)
{
	json_decref(json);
}

/* Parses an array of the database's JSON; an empty array for NULL. */
static json_t *parse(struct arena *arena, const char *text)
{
	json_t *array = text == NULL ? json_array() : json_loads(text, 0, NULL);

	arena_defer(arena, release, array);
	return array;
}

static const char *member(const json_t *array, size_t i, const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(array, i), key));

	return text == NULL ? "" : text;
}

/* Options --------------------------------------------------------------------------------------*/

void import_use_options(struct import_batch *batch, struct import_product *product,
                        const char *have)
{
	json_t *options = parse(batch->work, have);
	int count = (int)json_array_size(options);

	if (product->option_count < 0) {
		product->option_count = count < IMPORT_OPTIONS ? count : IMPORT_OPTIONS;
		for (int i = 0; i < product->option_count; i++)
			product->option_names[i] = member(options, (size_t)i, "name");
	} else {
		product->remapped = product->option_count != count;
	}
}

static bool is_value_of_option(const json_t *values, const char *text)
{
	for (size_t i = 0; i < json_array_size(values); i++) {
		const char *value = json_string_value(json_array_get(values, i));

		if (value != NULL && strcmp(value, text) == 0)
			return true;
	}
	return false;
}

static bool was_before(const struct import_product *product, size_t variant, int option)
{
	for (size_t i = 0; i < variant; i++) {
		if (!product->variants[i].refused &&
		    strcmp(product->variants[i].options[option],
		           product->variants[variant].options[option]) == 0)
			return true;
	}
	return false;
}

/* Writes the option; true when it differs from the stored one. */
static bool merge_option(struct json *json, const struct import_product *product, int option,
                         const json_t *have)
{
	const json_t *values = json_object_get(json_array_get(have, (size_t)option), "values");
	const char *name = product->option_names[option];
	bool changed = strcmp(member(have, (size_t)option, "name"), name) != 0;

	assert(option < IMPORT_OPTIONS && name != NULL);
	json_open_object(json);
	json_put_str(json, "name", name);
	json_key(json, "values");
	json_open_array(json);
	for (size_t i = 0; i < json_array_size(values); i++)
		json_str(json, json_string_value(json_array_get(values, i)));
	for (size_t i = 0; i < product->variant_count; i++) {
		const struct import_variant *variant = &product->variants[i];

		if (variant->refused || is_value_of_option(values, variant->options[option]) ||
		    was_before(product, i, option))
			continue;
		json_str(json, variant->options[option]);
		changed = true;
	}
	json_close_array(json);
	json_close_object(json);
	return changed;
}

void import_merge_options(struct import_batch *batch, struct import_product *product,
                          const char *have)
{
	const json_t *options = parse(batch->work, product->remapped ? NULL : have);
	struct buf buf = buf_new(batch->work, JSON_BYTES);
	struct json json = json_new(&buf);
	bool changed = product->remapped;

	assert(product->option_count >= 0 && product->option_count <= IMPORT_OPTIONS);
	json_open_array(&json);
	for (int i = 0; i < product->option_count; i++)
		changed |= merge_option(&json, product, i, options);
	json_close_array(&json);
	product->options_json = changed ? buf.data : NULL;
}

/* Images ---------------------------------------------------------------------------------------*/

static const struct import_image *image_in_file(const struct import_product *product,
                                                const json_t *image)
{
	for (size_t i = 0; i < product->image_count; i++) {
		if (image_is_at(image, product->images[i].url))
			return &product->images[i];
	}
	return NULL;
}

/* The stored image at this address, or NULL. */
static const json_t *find_image(const json_t *images, const char *url)
{
	for (size_t i = 0; i < json_array_size(images); i++) {
		if (image_is_at(json_array_get(images, i), url))
			return json_array_get(images, i);
	}
	return NULL;
}

struct image_merge {
	struct import_batch *batch;
	struct import_product *product;
	const json_t *have;
	struct json json;
	size_t count;
	bool changed;
};

static const char *alt_text(const json_t *image)
{
	const char *alt = json_string_value(json_object_get(image, "alt"));

	return alt != NULL ? alt : "";
}

static const char *facts_text(struct arena *arena, const json_t *image)
{
	char *text = json_dumps(json_object_get(image, "image_facts"), JSON_COMPACT);

	if (text == NULL) /* null is no object */
		return NULL;
	arena_defer(arena, free, text);
	return text;
}

/* there: the stored image, or NULL for a new one. */
static void put_image(struct image_merge *merge, const json_t *there,
                      const struct import_image *image, const char *alt)
{
	size_t at = merge->count++;
	const char *facts;

	assert(there != NULL || image != NULL);
	facts = there != NULL ? facts_text(merge->batch->work, there) : NULL;
	if (there != NULL && facts == NULL && image != NULL && image->facts != NULL) {
		facts = image->facts; /* written before pictures were fetched */
		merge->changed = true;
	}
	if (there == NULL || json_array_get(merge->have, at) != there ||
	    strcmp(alt_text(there), alt) != 0)
		merge->changed = true;
	if (there == NULL)
		image_keep(&merge->json, image->url, alt, image->facts);
	else
		image_keep(&merge->json, json_string_value(json_object_get(there, "url")), alt,
		           facts);
}

/* A file without alt texts keeps the stored ones. */
static const char *alt_of(const struct image_merge *merge, const struct import_image *image)
{
	const json_t *there = find_image(merge->have, image->url);
	bool says_alt = merge->batch->header->field[COLUMN_IMAGE_ALT] >= 0;

	return says_alt || there == NULL ? image->alt : alt_text(there);
}

/* Stored images first; the file's order is used when it names all of them. */
static void put_images(struct image_merge *merge)
{
	const struct import_product *product = merge->product;
	size_t have = json_array_size(merge->have);
	bool names_all = true;

	for (size_t i = 0; i < have; i++)
		names_all &= image_in_file(product, json_array_get(merge->have, i)) != NULL;
	for (size_t i = 0; i < have && !names_all; i++) {
		const json_t *there = json_array_get(merge->have, i);
		const struct import_image *image = image_in_file(product, there);

		put_image(merge, there, image,
		          image == NULL ? alt_text(there) : alt_of(merge, image));
	}
	for (size_t i = 0; i < product->image_count; i++) {
		const struct import_image *image = &product->images[i];
		const json_t *there = find_image(merge->have, image->url);

		if (!names_all && there != NULL)
			continue;
		if (merge->count < LIMIT_PRODUCT_IMAGES)
			put_image(merge, there, image, alt_of(merge, image));
		else
			import_refuse(merge->batch->report, merge->batch->header, product->line,
			              COLUMN_IMAGE, "The product would have more than 250 images");
	}
}

void import_merge_images(struct import_batch *batch, struct import_product *product,
                         const char *have)
{
	struct buf buf = buf_new(batch->work, JSON_BYTES);
	struct image_merge merge = {
	    .batch = batch,
	    .product = product,
	    .have = parse(batch->work, have),
	    .json = json_new(&buf),
	};

	if (product->image_count == 0)
		return;
	json_open_array(&merge.json);
	put_images(&merge);
	json_close_array(&merge.json);
	product->images_json = merge.changed ? buf.data : NULL;
}
