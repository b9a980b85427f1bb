/*
 * import_matching: the state of matching a batch with the database. Private to import_match.c
 * (products) and import_pair.c (variants).
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_MATCHING_H
#define SEBEZ_SHOP_CATALOG_IMPORT_MATCHING_H

#include "import.sql.h"
#include "shop/catalog/import_match.h"

struct matching {
	struct db *tx;
	struct import_batch *batch;
	const struct import_find_products_row **found; /* of each product; NULL: new */
	const char **images;                           /* that each product has; NULL: new */
	int64_t *have;                                 /* variants of each product */
	struct import_product **owners;                /* of each variant, in the batch's order */
	struct import_variant **variants;
	size_t variant_count;
};

struct arena *matching_arena(const struct matching *matching);

/* Matches rows with existing variants: by option values, else by a SKU that is unique in the
 * product. Warns of SKUs that other products use too. */
void matching_pair(struct matching *matching);

#endif
