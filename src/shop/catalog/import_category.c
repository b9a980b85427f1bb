/*
 * import_category: finds the categories of imported products: by the slug that the file gives, else
 * by product type; creates a missing category for a type where the vendor may.
 */
#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "import.sql.h"
#include "shop/catalog/import_match.h"

enum { NAME_CHARACTERS = 120, SLUG_BYTES = 120 };

/* Named by slug ---------------------------------------------------------------------------------*/

/* An unknown slug is ignored; the product's type is used instead. */
static void find_named(struct db *tx, struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	const char **slugs = arena_array(arena, batch->count, sizeof(slugs[0]));
	size_t asked = 0, count;

	for (size_t i = 0; i < batch->count; i++) {
		struct import_product *product = batch->products[i];
		const char *slug = product->category_slug;

		product->filed = slug != NULL && slug[0] == 0;
		if (slug != NULL && slug[0] != 0 && !product->refused) {
			slugs[i] = slug;
			asked++;
		}
	}
	if (asked == 0)
		return;
	struct rows *rows =
	    sql_import_find_categories(tx, (struct text_array){batch->count, slugs});
	const struct import_find_categories_row *found =
	    sql_import_find_categories_rows(tx, rows, &count);
	for (size_t i = 0; i < count; i++) {
		assert(found[i].number >= 1 && (size_t)found[i].number <= batch->count);
		batch->products[found[i].number - 1]->category = found[i].category;
		batch->products[found[i].number - 1]->filed = true;
	}
}

/* By type ---------------------------------------------------------------------------------------*/

/* Whether the slug loses nothing of the name but case and spaces (as it does of C++ and C#), so
 * that a category with this slug has this name. */
static bool slug_is_name(const char *slug, const char *name)
{
	for (; *slug != 0 && *name != 0; slug++, name++) {
		char c = *name == ' ' ? '-' : *name;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != *slug)
			return false;
	}
	return *slug == *name;
}

static void put_level(struct json *json, const char *text, size_t length)
{
	char slug[SLUG_BYTES + 1], name[NAME_CHARACTERS * 4 + 1];
	size_t characters = 0, bytes = 0;
	struct uuid id;

	text = utf8_trim(text, &length);
	while (bytes < length) {
		bool begins = ((unsigned char)text[bytes] & 0xc0) != 0x80;

		if (begins && characters++ == NAME_CHARACTERS)
			break;
		name[bytes] = text[bytes];
		bytes++;
	}
	assert(bytes < sizeof(name));
	name[bytes] = 0;
	if (bytes == 0)
		return;
	slug_from(name, slug, sizeof(slug));
	if (uuid_parse(slug, &id))
		slug[0] = 0; /* it would be read as an id */
	json_open_object(json);
	json_put_str(json, "name", name);
	json_put_str(json, "slug", slug);
	json_key(json, "slug_is_name");
	json_bool(json, slug_is_name(slug, name));
	json_close_object(json);
}

/* The levels of "Home > Lamps", in the form that category_of_type() takes. */
static const char *levels_of(struct arena *arena, const char *type)
{
	struct buf buf = buf_new(arena, 128);
	struct json json = json_new(&buf);

	json_open_array(&json);
	for (;;) {
		size_t length = strcspn(type, ">");

		put_level(&json, type, length);
		if (type[length] == 0)
			break;
		type += length + 1;
	}
	json_close_array(&json);
	return buf.data;
}

static const struct import_type *find_type(const struct import_types *types, const char *type)
{
	for (size_t i = 0; i < types->count; i++) {
		if (strcmp(types->types[i].type, type) == 0)
			return &types->types[i];
	}
	return NULL;
}

static bool goes_by_type(const struct import_product *product)
{
	return !product->refused && !product->filed && product->type != NULL &&
	       product->type[0] != 0;
}

/* Adds types that are new in the file, without a category yet. */
static void add_types(struct import_batch *batch, struct import_types *types)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct import_product *product = batch->products[i];

		if (goes_by_type(product) && types->count < IMPORT_TYPES &&
		    find_type(types, product->type) == NULL)
			types->types[types->count++].type =
			    arena_strdup(types->arena, product->type);
	}
}

static void find_new_types(struct db *tx, struct import_types *types, size_t known)
{
	struct arena *arena = db_task(tx)->arena;
	assert(types->count > known && types->count <= IMPORT_TYPES);
	size_t added = types->count - known, count;
	const char **levels = arena_array(arena, added, sizeof(levels[0]));

	for (size_t i = 0; i < added; i++)
		levels[i] = levels_of(arena, types->types[known + i].type);
	struct rows *rows = sql_import_categories(tx, (struct text_array){added, levels},
	                                          LIMIT_VENDOR_CATEGORIES, LIMIT_CATEGORIES);
	const struct import_categories_row *found = sql_import_categories_rows(tx, rows, &count);
	for (size_t i = 0; i < count; i++) {
		assert(found[i].number >= 1 && (size_t)found[i].number <= added);
		types->types[known + (size_t)found[i].number - 1].category =
		    found[i].category == NULL ? (struct uuid){{0}} : *found[i].category;
	}
}

void import_find_categories(struct db *tx, struct import_batch *batch, struct import_types *types)
{
	size_t known = types->count;

	find_named(tx, batch);
	add_types(batch, types);
	if (types->count > known)
		find_new_types(tx, types, known);
	for (size_t i = 0; i < batch->count; i++) {
		struct import_product *product = batch->products[i];
		const struct import_type *type =
		    goes_by_type(product) ? find_type(types, product->type) : NULL;

		if (type != NULL)
			product->category = type->category;
	}
}
