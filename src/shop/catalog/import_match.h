/*
 * import_match: finds out what of a batch is in the database already: products by handle, variants
 * by SKU and else by their option values. Decides what is added, changed or refused.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_MATCH_H
#define SEBEZ_SHOP_CATALOG_IMPORT_MATCH_H

#include "shop/catalog/import_product.h"
#include "task/db.h"

enum {
	/* Types of a file that are looked up; products of more have no category. */
	IMPORT_TYPES = 500,
};

/* The types of a file whose categories are known. Texts are in the import's arena. */
struct import_types {
	struct arena *arena;
	size_t count;
	struct import_type {
		const char *type;
		struct uuid category;
	} types[IMPORT_TYPES];
};

/* Within the transaction that will write the batch; locks the variants that are there, and then the
 * products. Sets what import_product.h says is found by it. Suspends. */
void import_match(struct db *tx, struct import_batch *batch, struct import_types *types);

/* Where the products of the batch are filed: by the column for it, else by their types. Makes
 * categories for types where the vendor may. */
void import_find_categories(struct db *tx, struct import_batch *batch, struct import_types *types);

/* The product's options and images with what the batch says about them, as JSON; NULL when they
 * stay as they are. have is the JSON that is there, or NULL for a product that is not. */
void import_merge_options(struct import_batch *batch, struct import_product *product,
                          const char *have);
void import_merge_images(struct import_batch *batch, struct import_product *product,
                         const char *have);
/* Takes the names of the options that are there, or marks the product as remapped when the file's
 * differ in number. */
void import_take_options(struct import_batch *batch, struct import_product *product,
                         const char *have);

#endif
