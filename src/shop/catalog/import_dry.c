#include "shop/catalog/import_dry.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "shop/catalog/import_product.h"

enum {
	/* Distinct option names per file: shops have dozens. Products with further ones are stored
	 * without any. */
	NAMES_MAX = 4096,
};

struct names {
	int count;
	const char *names[IMPORT_OPTIONS];
};

struct import_dry {
	struct arena *arena;
	size_t count; /* the first entry: no names */
	struct names names[NAMES_MAX];
};

struct import_dry *import_dry_new(struct arena *arena)
{
	struct import_dry *dry = arena_alloc(arena, sizeof(*dry));

	dry->arena = arena;
	dry->count = 1;
	return dry;
}

static uint64_t key_of(const struct import_product *product)
{
	return product->hash * 31 + 7; /* a hash other than the title's */
}

static bool has_names(const struct names *names, const struct import_product *product)
{
	if (names->count != product->option_count)
		return false;
	for (int i = 0; i < names->count; i++) {
		if (strcmp(names->names[i], product->option_names[i]) != 0)
			return false;
	}
	return true;
}

static size_t find_names(struct import_dry *dry, const struct import_product *product)
{
	for (size_t i = 0; i < dry->count; i++) {
		if (has_names(&dry->names[i], product))
			return i;
	}
	if (dry->count == NAMES_MAX)
		return 0;
	struct names *names = &dry->names[dry->count];

	assert(product->option_count >= 0 && product->option_count <= IMPORT_OPTIONS);
	names->count = product->option_count;
	for (int i = 0; i < names->count; i++)
		names->names[i] = arena_strdup(dry->arena, product->option_names[i]);
	return dry->count++;
}

void import_dry_keep(struct import_dry *dry, const struct import_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct import_product *product = batch->products[i];

		if (product->refused || product->exists || product->pending)
			continue;
		import_seen_at(batch->seen, key_of(product), product->line)->title =
		    (uint32_t)find_names(dry, product) + 1;
	}
}

bool import_dry_continue(const struct import_dry *dry, struct import_seen *seen,
                         struct import_product *product)
{
	if (!import_seen_has(seen, key_of(product)))
		return false;
	size_t number = import_seen_at(seen, key_of(product), product->line)->title;

	assert(number >= 1 && number <= dry->count);
	const struct names *names = &dry->names[number - 1];

	if (product->option_count < 0) {
		product->option_count = names->count;
		memcpy(product->option_names, names->names, sizeof(names->names));
	}
	return true;
}
