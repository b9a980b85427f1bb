#include "shop/catalog/import_write.h"

#include <assert.h>
#include <string.h>

#include "import.sql.h"
#include "shop/catalog/staff.h"

/* Rows on their way into a statement: one array per column. */
struct product_columns {
	size_t count;
	struct import_product **products;
	struct uuid *ids, *categories;
	const char **handles, **titles, **descriptions, **types, **statuses, **tags, **options,
	    **images, **extras;
	/* Of products to add, what follows from their variants. */
	int64_t *prices, *compare_at;
	int32_t *in_stock;
	int32_t *filed; /* of products to change: the file names the category itself */
};

struct variant_columns {
	size_t count;
	struct import_variant **variants;
	struct uuid *ids, *products, *adjustments;
	const char **skus, **titles, **one, **two, **three, **barcodes, **images, **extras;
	int64_t *prices, *compare_at;
	int32_t *quantities, *grams, *trackeds, *backorders, *positions;
};

/* Products that a statement has touched, for the next. */
struct id_list {
	size_t count;
	struct uuid *ids;
};

#define COLUMN(columns, field, room)                                                               \
	(columns).field = arena_array(arena, room, sizeof((columns).field[0]))
#define UUIDS(columns, field) ((struct uuid_array){(columns)->count, (columns)->field})
#define TEXTS(columns, field) ((struct text_array){(columns)->count, (columns)->field})
#define INTS(columns, field) ((struct int_array){(columns)->count, (columns)->field})
#define BIGINTS(columns, field) ((struct bigint_array){(columns)->count, (columns)->field})

static struct product_columns new_product_columns(struct arena *arena, size_t room)
{
	struct product_columns columns = {0};

	COLUMN(columns, ids, room);
	COLUMN(columns, products, room);
	COLUMN(columns, categories, room);
	COLUMN(columns, handles, room);
	COLUMN(columns, titles, room);
	COLUMN(columns, descriptions, room);
	COLUMN(columns, types, room);
	COLUMN(columns, statuses, room);
	COLUMN(columns, tags, room);
	COLUMN(columns, options, room);
	COLUMN(columns, images, room);
	COLUMN(columns, extras, room);
	COLUMN(columns, filed, room);
	COLUMN(columns, prices, room);
	COLUMN(columns, compare_at, room);
	COLUMN(columns, in_stock, room);
	return columns;
}

static struct variant_columns new_variant_columns(struct arena *arena, size_t room)
{
	struct variant_columns columns = {0};

	COLUMN(columns, ids, room);
	COLUMN(columns, variants, room);
	COLUMN(columns, products, room);
	COLUMN(columns, adjustments, room);
	COLUMN(columns, skus, room);
	COLUMN(columns, titles, room);
	COLUMN(columns, one, room);
	COLUMN(columns, two, room);
	COLUMN(columns, three, room);
	COLUMN(columns, barcodes, room);
	COLUMN(columns, images, room);
	COLUMN(columns, prices, room);
	COLUMN(columns, compare_at, room);
	COLUMN(columns, quantities, room);
	COLUMN(columns, grams, room);
	COLUMN(columns, trackeds, room);
	COLUMN(columns, backorders, room);
	COLUMN(columns, extras, room);
	COLUMN(columns, positions, room);
	return columns;
}

static void add_product(struct product_columns *columns, struct import_product *product)
{
	size_t i = columns->count++;

	columns->products[i] = product;
	columns->ids[i] = product->id;
	columns->categories[i] = product->category;
	columns->filed[i] = product->filed;
	columns->handles[i] = product->handle;
	columns->titles[i] = product->title;
	columns->descriptions[i] = product->description;
	columns->types[i] = product->type;
	columns->statuses[i] = product->status;
	columns->tags[i] = product->tags;
	columns->options[i] = product->options_json;
	columns->images[i] = product->images_json;
	columns->extras[i] = product->extra;
}

/* The product is shown with its cheapest variant. */
static void add_new_product(struct product_columns *columns, struct import_product *product)
{
	size_t i = columns->count;
	const struct import_variant *cheapest = NULL;

	add_product(columns, product);
	for (size_t v = 0; v < product->variant_count; v++) {
		const struct import_variant *variant = &product->variants[v];

		if (variant->refused)
			continue;
		if (cheapest == NULL || variant->price < cheapest->price)
			cheapest = variant;
		if (variant->quantity > 0 || variant->backorder == 1 || variant->tracked == 0)
			columns->in_stock[i] = 1;
	}
	assert(cheapest != NULL); /* import_match refuses a new product without a variant */
	columns->prices[i] = cheapest->price;
	columns->compare_at[i] = cheapest->compare_at;
}

static const char *variant_title(struct arena *arena, const struct import_variant *variant)
{
	struct option_choice choice = {0};

	for (int o = 0; o < IMPORT_OPTIONS; o++)
		choice.values[o] = variant->options[o][0] == 0 ? NULL : variant->options[o];
	return options_title(arena, &choice);
}

static void add_variant(struct arena *arena, struct variant_columns *columns,
                        struct import_product *product, struct import_variant *variant)
{
	size_t i = columns->count++;

	columns->variants[i] = variant;
	columns->ids[i] = variant->id;
	columns->products[i] = product->id;
	columns->adjustments[i] = uuid_v7();
	columns->skus[i] = variant->sku;
	columns->titles[i] = variant_title(arena, variant);
	columns->one[i] = variant->options[0];
	columns->two[i] = variant->options[1];
	columns->three[i] = variant->options[2];
	columns->barcodes[i] = variant->barcode;
	columns->images[i] = variant->image;
	columns->extras[i] = variant->extra;
	columns->prices[i] = variant->price;
	columns->compare_at[i] = variant->compare_at;
	columns->quantities[i] = variant->quantity;
	columns->grams[i] = variant->grams;
	columns->trackeds[i] = variant->tracked;
	columns->backorders[i] = variant->backorder;
	if (variant->exists)
		return;
	columns->positions[i] = product->next_position++;
	if (variant->quantity == IMPORT_KEEP)
		columns->quantities[i] = 0;
}

static size_t write_products(struct db *tx, const struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	struct product_columns added = new_product_columns(arena, batch->count);
	struct product_columns changed = new_product_columns(arena, batch->count);
	const struct product_columns *a = &added, *c = &changed;

	for (size_t i = 0; i < batch->count; i++) {
		struct import_product *product = batch->products[i];

		if (product->refused || product->pending)
			continue;
		if (product->exists)
			add_product(&changed, product);
		else
			add_new_product(&added, product);
	}
	if (added.count > 0)
		sql_import_add_products(tx, &(struct import_add_products_args){
		                                .ids = UUIDS(a, ids),
		                                .handles = TEXTS(a, handles),
		                                .titles = TEXTS(a, titles),
		                                .descriptions = TEXTS(a, descriptions),
		                                .types = TEXTS(a, types),
		                                .categories = UUIDS(a, categories),
		                                .statuses = TEXTS(a, statuses),
		                                .tags = TEXTS(a, tags),
		                                .options = TEXTS(a, options),
		                                .images = TEXTS(a, images),
		                                .prices = BIGINTS(a, prices),
		                                .compare_at = BIGINTS(a, compare_at),
		                                .in_stock = INTS(a, in_stock),
		                                .extras = TEXTS(a, extras),
		                                .currency = batch->currency,
		                            });
	batch->report->products_created += (int64_t)added.count;
	if (changed.count == 0)
		return 0;
	struct rows *rows =
	    sql_import_change_products(tx, &(struct import_change_products_args){
	                                       .ids = UUIDS(c, ids),
	                                       .titles = TEXTS(c, titles),
	                                       .descriptions = TEXTS(c, descriptions),
	                                       .types = TEXTS(c, types),
	                                       .categories = UUIDS(c, categories),
	                                       .filed = INTS(c, filed),
	                                       .statuses = TEXTS(c, statuses),
	                                       .tags = TEXTS(c, tags),
	                                       .options = TEXTS(c, options),
	                                       .images = TEXTS(c, images),
	                                       .extras = TEXTS(c, extras),
	                                   });
	size_t count;
	const struct import_change_products_row *found =
	    sql_import_change_products_rows(tx, rows, &count);

	for (size_t i = 0; i < count; i++)
		changed.products[found[i].number - 1]->changed = true;
	return count;
}

static void list_products_of(struct id_list *list, const struct variant_columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		if (list->count == 0 ||
		    !uuid_equal(list->ids[list->count - 1], columns->products[i]))
			list->ids[list->count++] = columns->products[i];
	}
}

static void change_variants(struct db *tx, const struct import_batch *batch,
                            const struct variant_columns *c, struct id_list *edited)
{
	size_t count;
	struct rows *rows = sql_import_change_variants(tx, &(struct import_change_variants_args){
	                                                       .ids = UUIDS(c, ids),
	                                                       .skus = TEXTS(c, skus),
	                                                       .titles = TEXTS(c, titles),
	                                                       .one = TEXTS(c, one),
	                                                       .two = TEXTS(c, two),
	                                                       .three = TEXTS(c, three),
	                                                       .prices = BIGINTS(c, prices),
	                                                       .compare_at = BIGINTS(c, compare_at),
	                                                       .quantities = INTS(c, quantities),
	                                                       .grams = INTS(c, grams),
	                                                       .trackeds = INTS(c, trackeds),
	                                                       .backorders = INTS(c, backorders),
	                                                       .barcodes = TEXTS(c, barcodes),
	                                                       .images = TEXTS(c, images),
	                                                       .extras = TEXTS(c, extras),
	                                                       .adjustments = UUIDS(c, adjustments),
	                                                   });
	const struct import_change_variants_row *changed =
	    sql_import_change_variants_rows(tx, rows, &count);

	batch->report->variants_updated += (int64_t)count;
	for (size_t i = 0; i < count; i++) {
		c->variants[changed[i].number - 1]->changed = true;
		if (changed[i].edited)
			edited->ids[edited->count++] = changed[i].product_id;
	}
}

static struct id_list write_variants(struct db *tx, const struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	struct variant_columns added = new_variant_columns(arena, batch->variant_count);
	struct variant_columns changed = new_variant_columns(arena, batch->variant_count);
	const struct variant_columns *a = &added;
	struct id_list edited = {
	    .ids = arena_array(arena, batch->variant_count, sizeof(edited.ids[0])),
	};

	for (size_t p = 0; p < batch->count; p++) {
		struct import_product *product = batch->products[p];

		for (size_t v = 0; v < product->variant_count && !product->refused; v++) {
			struct import_variant *variant = &product->variants[v];

			if (!variant->refused && !product->pending)
				add_variant(arena, variant->exists ? &changed : &added, product,
				            variant);
		}
	}
	if (added.count > 0)
		sql_import_add_variants(tx, &(struct import_add_variants_args){
		                                .ids = UUIDS(a, ids),
		                                .products = UUIDS(a, products),
		                                .skus = TEXTS(a, skus),
		                                .titles = TEXTS(a, titles),
		                                .one = TEXTS(a, one),
		                                .two = TEXTS(a, two),
		                                .three = TEXTS(a, three),
		                                .prices = BIGINTS(a, prices),
		                                .compare_at = BIGINTS(a, compare_at),
		                                .quantities = INTS(a, quantities),
		                                .grams = INTS(a, grams),
		                                .trackeds = INTS(a, trackeds),
		                                .backorders = INTS(a, backorders),
		                                .barcodes = TEXTS(a, barcodes),
		                                .images = TEXTS(a, images),
		                                .extras = TEXTS(a, extras),
		                                .positions = INTS(a, positions),
		                                .currency = batch->currency,
		                                .adjustments = UUIDS(a, adjustments),
		                            });
	batch->report->variants_created += (int64_t)added.count;
	list_products_of(&edited, &added);
	if (changed.count > 0)
		change_variants(tx, batch, &changed, &edited);
	return edited;
}

/* What of a dry run would be added to products that it would have made. */
static void count_pending(const struct import_batch *batch)
{
	for (size_t p = 0; p < batch->count; p++) {
		const struct import_product *product = batch->products[p];
		int64_t added = 0;

		for (size_t v = 0; v < product->variant_count; v++)
			added += !product->variants[v].refused;
		if (product->refused || !product->pending)
			continue;
		batch->report->variants_created += added;
		batch->report->products_updated += added > 0 || product->image_count > 0;
	}
}

void import_write(struct db *tx, const struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	struct id_list written = {
	    .ids = arena_array(arena, batch->count, sizeof(written.ids[0])),
	};
	size_t changed = write_products(tx, batch);

	count_pending(batch);
	struct id_list edited = write_variants(tx, batch);

	if (edited.count > 0)
		changed += rows_count(
		    sql_import_touch_products(tx, (struct uuid_array){edited.count, edited.ids}));
	batch->report->products_updated += (int64_t)changed;
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->products[i]->refused)
			written.ids[written.count++] = batch->products[i]->id;
	}
	if (written.count > 0)
		sql_import_refresh(tx, (struct uuid_array){written.count, written.ids});
}
