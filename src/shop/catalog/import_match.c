#include "shop/catalog/import_match.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "shop/catalog/import_matching.h"

struct arena *matching_arena(const struct matching *matching)
{
	return db_task(matching->tx)->arena;
}

/* Products ------------------------------------------------------------------------------------*/

static void find_products(struct matching *matching)
{
	struct import_batch *batch = matching->batch;
	const char **handles =
	    arena_array(matching_arena(matching), batch->count, sizeof(handles[0]));

	for (size_t i = 0; i < batch->count; i++)
		handles[i] = batch->products[i]->key;

	struct rows *rows =
	    sql_import_find_products(matching->tx, (struct text_array){batch->count, handles});
	size_t count;
	const struct import_find_products_row *found =
	    sql_import_find_products_rows(matching->tx, rows, &count);

	matching->found =
	    arena_array(matching_arena(matching), batch->count, sizeof(matching->found[0]));
	for (size_t i = 0; i < count; i++) {
		assert(found[i].number >= 1 && (size_t)found[i].number <= batch->count);
		matching->found[found[i].number - 1] = &found[i];
	}
}

static void decide_product(struct matching *matching, size_t i)
{
	struct import_batch *batch = matching->batch;
	struct import_product *product = batch->products[i];
	const struct import_find_products_row *found = matching->found[i];

	product->exists = found != NULL;
	product->id = found != NULL ? found->id : uuid_v7();
	product->next_position = 1;
	if (product->refused)
		return;
	if (found != NULL)
		import_use_options(batch, product, found->options);
	else if (batch->dry != NULL && product->title == NULL)
		product->pending = import_dry_continue(batch->dry, batch->seen, product);
	if (found == NULL && product->title == NULL && !product->pending)
		import_product_refuse(batch, product, product->line, COLUMN_TITLE,
		                      "A new product needs a title in its first row");
	else if (product->option_count < 0)
		product->option_count = 0;
	if (found == NULL && product->status_unknown)
		product->status = "draft";
	if (!product->refused)
		import_check_options(batch, product);
}

/* Variants ------------------------------------------------------------------------------------*/

static void list_variants(struct matching *matching)
{
	struct import_batch *batch = matching->batch;
	size_t room = batch->variant_count;

	matching->owners = arena_array(matching_arena(matching), room, sizeof(matching->owners[0]));
	matching->variants =
	    arena_array(matching_arena(matching), room, sizeof(matching->variants[0]));
	for (size_t p = 0; p < batch->count; p++) {
		struct import_product *product = batch->products[p];

		for (size_t v = 0; v < product->variant_count && !product->refused; v++) {
			if (product->variants[v].refused)
				continue;
			matching->owners[matching->variant_count] = product;
			matching->variants[matching->variant_count++] = &product->variants[v];
		}
	}
	assert(matching->variant_count <= room);
}

static void check_new(struct matching *matching, size_t i, int64_t *room)
{
	struct import_product *product = matching->owners[i];
	struct import_variant *variant = matching->variants[i];

	if (variant->exists || variant->refused)
		return;
	if (variant->bad_price != NULL)
		import_variant_refuse(matching->batch, product, variant, COLUMN_PRICE,
		                      "\"%.40s\" is not an amount of %s", variant->bad_price,
		                      matching->batch->currency);
	else if (variant->price < 0)
		import_variant_refuse(matching->batch, product, variant, COLUMN_PRICE,
		                      "A new variant needs a price");
	else if (*room <= 0)
		import_variant_refuse(matching->batch, product, variant, COLUMN_NONE,
		                      "The product would have more than 250 variants");
	else
		(*room)--;
	variant->id = uuid_v7();
}

/* Reads stock below zero as zero where it is not allowed. Keeps backorder on when stock is below
 * zero. */
static void check_stock(struct matching *matching, size_t i,
                        const struct import_lock_variants_row *locked)
{
	struct import_variant *variant = matching->variants[i];
	bool tracked =
	    variant->tracked < 0 ? locked == NULL || locked->tracked : variant->tracked == 1;
	bool backorder =
	    variant->backorder < 0 ? locked != NULL && locked->backorder : variant->backorder == 1;

	if (!tracked || backorder)
		return;
	if (variant->quantity == IMPORT_KEEP) {
		if (locked == NULL || !locked->tracked || locked->available >= 0)
			return;
		import_variant_warn(matching->batch, variant, COLUMN_POLICY,
		                    "The policy stays continue because %" PRId64
		                    " more were sold than are in stock",
		                    -locked->available);
		variant->backorder = -1;
	} else if (variant->quantity < 0) {
		import_variant_warn(matching->batch, variant, COLUMN_QUANTITY,
		                    "%d was read as 0, because the policy is not continue",
		                    variant->quantity);
		variant->quantity = 0;
	}
}

static void check_price(struct matching *matching, const struct import_variant *variant)
{
	if (variant->bad_price != NULL)
		import_variant_warn(matching->batch, variant, COLUMN_PRICE,
		                    "\"%.40s\" is not an amount of %s; the price was not changed",
		                    variant->bad_price, matching->batch->currency);
}

/* Locks the variants: their stock does not change until the import has written. */
static void lock_variants(struct matching *matching)
{
	struct arena *arena = matching_arena(matching);
	struct uuid *ids = arena_array(arena, matching->variant_count, sizeof(ids[0]));
	size_t *indexes = arena_array(arena, matching->variant_count, sizeof(indexes[0]));
	size_t count = 0;

	for (size_t i = 0; i < matching->variant_count; i++) {
		if (!matching->variants[i]->exists || matching->variants[i]->refused)
			continue;
		indexes[count] = i;
		ids[count++] = matching->variants[i]->id;
	}
	if (count == 0)
		return;
	struct rows *rows = sql_import_lock_variants(matching->tx, (struct uuid_array){count, ids});
	const struct import_lock_variants_row *locked =
	    sql_import_lock_variants_rows(matching->tx, rows, &count);

	for (size_t i = 0; i < count; i++) {
		assert(locked[i].number >= 1);
		size_t index = indexes[locked[i].number - 1];

		check_stock(matching, index, &locked[i]);
		check_price(matching, matching->variants[index]);
	}
}

/* Locks these products, and keeps their pictures. */
static void keep_images(struct matching *matching, struct uuid_array ids, const size_t indexes[])
{
	size_t count;
	const struct import_lock_products_row *locked = sql_import_lock_products_rows(
	    matching->tx, sql_import_lock_products(matching->tx, ids), &count);

	for (size_t i = 0; i < count; i++)
		matching->images[indexes[locked[i].number - 1]] = locked[i].images;
}

/* Locks the products, too: others cannot add variants to them meanwhile. */
static void lock_products(struct matching *matching)
{
	struct arena *arena = matching_arena(matching);
	struct import_batch *batch = matching->batch;
	struct uuid *ids = arena_array(arena, batch->count, sizeof(ids[0]));
	size_t *indexes = arena_array(arena, batch->count, sizeof(indexes[0]));
	size_t count = 0;

	matching->have = arena_array(arena, batch->count, sizeof(matching->have[0]));
	matching->images = arena_array(arena, batch->count, sizeof(matching->images[0]));
	for (size_t i = 0; i < batch->count; i++) {
		if (matching->found[i] == NULL)
			continue;
		indexes[count] = i;
		ids[count++] = batch->products[i]->id;
	}
	if (count == 0)
		return;
	keep_images(matching, (struct uuid_array){count, ids}, indexes);
	struct rows *rows =
	    sql_import_count_variants(matching->tx, (struct uuid_array){count, ids});
	const struct import_count_variants_row *counted =
	    sql_import_count_variants_rows(matching->tx, rows, &count);

	for (size_t i = 0; i < count; i++) {
		size_t index = indexes[counted[i].number - 1];

		matching->have[index] = counted[i].variants;
		batch->products[index]->next_position = counted[i].last_position + 1;
	}
}

static void check_room(struct matching *matching)
{
	size_t p = 0;
	int64_t room = 0;

	for (size_t i = 0; i < matching->variant_count; i++) {
		if (i == 0 || matching->owners[i] != matching->owners[i - 1]) {
			while (matching->batch->products[p] != matching->owners[i])
				p++;
			assert(p < matching->batch->count); /* owners are in its order */
			room = LIMIT_PRODUCT_VARIANTS - matching->have[p];
		}
		check_new(matching, i, &room);
	}
}

static void match_variants(struct matching *matching)
{
	matching_pair(matching);
	lock_variants(matching);
	for (size_t i = 0; i < matching->variant_count; i++) {
		if (!matching->variants[i]->exists)
			check_stock(matching, i, NULL);
	}
	lock_products(matching);
	check_room(matching);
}

/* Variants that are not in the file would have no value of the new options. */
static bool may_remap(struct import_batch *batch, struct import_product *product, int64_t variants)
{
	int64_t named = 0;

	assert(product->exists && product->remapped);
	for (size_t v = 0; v < product->variant_count; v++)
		named += product->variants[v].exists && !product->variants[v].refused;
	if (named < variants)
		import_product_refuse(
		    batch, product, product->line, COLUMN_OPTION1_NAME,
		    "The existing product has other options; to replace them, list each of its "
		    "%lld variants by SKU",
		    (long long)variants);
	return named >= variants;
}

/* Refuses a new product without variants; else merges its options and images. */
static void finish_product(struct matching *matching, size_t i)
{
	struct import_batch *batch = matching->batch;
	struct import_product *product = batch->products[i];
	const struct import_find_products_row *found = matching->found[i];
	bool sells = found != NULL || product->pending;

	for (size_t v = 0; v < product->variant_count; v++)
		sells |= !product->variants[v].refused;
	if (product->refused)
		return;
	if (!sells && !product->complained)
		import_product_refuse(batch, product, product->line, COLUMN_NONE,
		                      "The product has no variant");
	product->refused = !sells;
	if (product->refused)
		return;
	if (found != NULL && product->remapped && !may_remap(batch, product, matching->have[i]))
		return;
	import_merge_options(batch, product, found == NULL ? NULL : found->options);
	import_merge_images(batch, product, matching->images[i]);
}

/* What is written has its id and its options, and a new variant has a price. */
static bool product_is_matched(const struct import_product *product)
{
	if (product->refused)
		return true;
	if (uuid_is_nil(product->id) || product->option_count < 0)
		return false;
	for (size_t v = 0; v < product->variant_count; v++) {
		const struct import_variant *variant = &product->variants[v];

		if (!variant->refused &&
		    (uuid_is_nil(variant->id) || (!variant->exists && variant->price < 0)))
			return false;
	}
	return true;
}

void import_match(struct db *tx, struct import_batch *batch, struct import_types *types)
{
	struct matching matching = {.tx = tx, .batch = batch};

	assert(batch->count > 0 && batch->count <= IMPORT_BATCH_PRODUCTS);
	find_products(&matching);
	for (size_t i = 0; i < batch->count; i++)
		decide_product(&matching, i);
	import_check_skus(batch);
	import_find_categories(tx, batch, types);
	list_variants(&matching);
	match_variants(&matching);
	for (size_t i = 0; i < batch->count; i++) {
		finish_product(&matching, i);
		assert(product_is_matched(batch->products[i]));
	}
}
