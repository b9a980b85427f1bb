/*
 * import_match: matches a batch with the database: products by handle, variants by SKU, else by
 * option values. Decides what is added, changed or refused.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_MATCH_H
#define SEBEZ_SHOP_CATALOG_IMPORT_MATCH_H

#include "shop/catalog/import_product.h"
#include "task/db.h"

enum {
	/* Distinct product types looked up per file; products of further types get no category. */
	IMPORT_TYPES = 500,
};

/* The file's types with known categories. Texts are in the import's arena. */
struct import_types {
	struct arena *arena;
	size_t count;
	struct import_type {
		const char *type;
		struct uuid category;
	} types[IMPORT_TYPES];
};

/* Runs within the transaction that writes the batch; locks the existing variants, then the
 * products. Sets the fields that import_product.h lists as found by it. Suspends. */
void import_match(struct db *tx, struct import_batch *batch, struct import_types *types);

/* Finds the category of each product of the batch: by the category column, else by type. Creates
 * missing categories for types where the vendor may. */
void import_find_categories(struct db *tx, struct import_batch *batch, struct import_types *types);

/* The product's options and images merged with the batch's, as JSON; NULL when unchanged. have is
 * the stored JSON, or NULL for a new product. */
void import_merge_options(struct import_batch *batch, struct import_product *product,
                          const char *have);
void import_merge_images(struct import_batch *batch, struct import_product *product,
                         const char *have);
/* Uses the stored option names, or marks the product as remapped when the file has another number
 * of options. */
void import_use_options(struct import_batch *batch, struct import_product *product,
                        const char *have);

#endif
