#include "shop/catalog/import_write.h"

#include <assert.h>
#include <string.h>

#include "import.sql.h"
#include "shop/catalog/staff.h"

/* The rows of a statement, and the products or variants they were made of. */
struct product_rows {
	size_t count;
	struct import_product **products;
	struct import_product_row *rows;
};

struct variant_rows {
	size_t count;
	struct import_variant **variants;
	struct import_variant_row *rows;
};

/* Products touched by a statement, for the next one. */
struct id_list {
	size_t count;
	struct uuid *ids;
};

static struct product_rows new_product_rows(struct arena *arena, size_t room)
{
	return (struct product_rows){
	    .products = arena_array(arena, room, sizeof(struct import_product *)),
	    .rows = arena_array(arena, room, sizeof(struct import_product_row)),
	};
}

static struct variant_rows new_variant_rows(struct arena *arena, size_t room)
{
	return (struct variant_rows){
	    .variants = arena_array(arena, room, sizeof(struct import_variant *)),
	    .rows = arena_array(arena, room, sizeof(struct import_variant_row)),
	};
}

static struct import_product_row *add_product(struct product_rows *rows,
                                              struct import_product *product)
{
	size_t i = rows->count++;

	assert(!product->refused && !product->pending && !uuid_is_nil(product->id));
	rows->products[i] = product;
	rows->rows[i] = (struct import_product_row){
	    .id = product->id,
	    .handle = product->handle,
	    .title = product->title,
	    .description = product->description,
	    .type = product->type,
	    .category = uuid_is_nil(product->category) ? NULL : &product->category,
	    .filed = product->filed,
	    .status = product->status,
	    .tags = product->tags,
	    .options = product->options_json,
	    .images = product->images_json,
	    .extra = product->extra,
	};
	return &rows->rows[i];
}

/* A new product is listed with its cheapest variant. */
static void add_new_product(struct product_rows *rows, struct import_product *product)
{
	struct import_product_row *row = add_product(rows, product);
	const struct import_variant *cheapest = NULL;

	for (size_t v = 0; v < product->variant_count; v++) {
		const struct import_variant *variant = &product->variants[v];

		if (variant->refused)
			continue;
		if (cheapest == NULL || variant->price < cheapest->price)
			cheapest = variant;
		if (variant->quantity > 0 || variant->backorder == 1 || variant->tracked == 0)
			row->in_stock = true;
	}
	assert(cheapest != NULL); /* import_match refuses a new product without a variant */
	assert(cheapest->price >= 0 && product->title != NULL && !product->exists);
	row->price = cheapest->price;
	row->compare_at = cheapest->compare_at;
}

static const char *variant_title(struct arena *arena, const struct import_variant *variant)
{
	struct option_choice choice = {0};

	for (int o = 0; o < IMPORT_OPTIONS; o++)
		choice.values[o] = variant->options[o][0] == 0 ? NULL : variant->options[o];
	return options_title(arena, &choice);
}

static void add_variant(struct arena *arena, struct variant_rows *rows,
                        struct import_product *product, struct import_variant *variant)
{
	size_t i = rows->count++;

	assert(!variant->refused && !uuid_is_nil(variant->id));
	rows->variants[i] = variant;
	rows->rows[i] = (struct import_variant_row){
	    .id = variant->id,
	    .product = product->id,
	    .sku = variant->sku,
	    .title = variant_title(arena, variant),
	    .one = variant->options[0],
	    .two = variant->options[1],
	    .three = variant->options[2],
	    .price = variant->price,
	    .compare_at = variant->compare_at,
	    .quantity = variant->quantity,
	    .grams = variant->grams,
	    .tracked = variant->tracked,
	    .backorder = variant->backorder,
	    .barcode = variant->barcode,
	    .image = variant->image,
	    .image_facts = variant->image_facts,
	    .extra = variant->extra,
	    .adjustment = uuid_v7(),
	};
	if (variant->exists)
		return;
	assert(product->next_position > 0 && variant->price >= 0);
	rows->rows[i].position = product->next_position++;
	if (variant->quantity == IMPORT_KEEP)
		rows->rows[i].quantity = 0;
}

static size_t write_products(struct db *tx, const struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	struct product_rows added = new_product_rows(arena, batch->count);
	struct product_rows changed = new_product_rows(arena, batch->count);

	for (size_t i = 0; i < batch->count; i++) {
		struct import_product *product = batch->products[i];

		if (product->refused || product->pending)
			continue;
		if (product->exists)
			(void)add_product(&changed, product);
		else
			add_new_product(&added, product);
	}
	if (added.count > 0)
		sql_import_add_products(tx, batch->currency, added.count, added.rows);
	batch->report->products_created += (int64_t)added.count;
	if (changed.count == 0)
		return 0;
	struct rows *rows = sql_import_change_products(tx, changed.count, changed.rows);
	size_t count;
	const struct import_change_products_row *found =
	    sql_import_change_products_rows(tx, rows, &count);

	assert(count <= changed.count);
	for (size_t i = 0; i < count; i++)
		changed.products[found[i].number - 1]->changed = true;
	return count;
}

static void list_products_of(struct id_list *list, const struct variant_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (list->count == 0 ||
		    !uuid_equal(list->ids[list->count - 1], rows->rows[i].product))
			list->ids[list->count++] = rows->rows[i].product;
	}
}

static void change_variants(struct db *tx, const struct import_batch *batch,
                            const struct variant_rows *rows, struct id_list *edited)
{
	size_t count;
	struct rows *written = sql_import_change_variants(tx, rows->count, rows->rows);
	const struct import_change_variants_row *changed =
	    sql_import_change_variants_rows(tx, written, &count);

	assert(count <= rows->count);
	batch->report->variants_updated += (int64_t)count;
	for (size_t i = 0; i < count; i++) {
		rows->variants[changed[i].number - 1]->changed = true;
		if (changed[i].edited)
			edited->ids[edited->count++] = changed[i].product_id;
	}
}

static struct id_list write_variants(struct db *tx, const struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	struct variant_rows added = new_variant_rows(arena, batch->variant_count);
	struct variant_rows changed = new_variant_rows(arena, batch->variant_count);
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
		sql_import_add_variants(tx, batch->currency, added.count, added.rows);
	batch->report->variants_created += (int64_t)added.count;
	list_products_of(&edited, &added);
	if (changed.count > 0)
		change_variants(tx, batch, &changed, &edited);
	assert(added.count + changed.count <= batch->variant_count);
	assert(edited.count <= batch->variant_count);
	return edited;
}

/* Counts what would be added to products that exist only in the dry run. */
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
