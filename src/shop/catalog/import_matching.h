/*
 * import_matching: a batch on its way to what is in the database. Private to import_match.c, which
 * knows products, and import_pair.c, which knows their variants.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_MATCHING_H
#define SEBEZ_SHOP_CATALOG_IMPORT_MATCHING_H

#include "import.sql.h"
#include "shop/catalog/import_match.h"

struct matching {
	struct db *tx;
	struct import_batch *batch;
	const struct import_find_products_row **found; /* of each product; NULL: it is new */
	int64_t *have;                                 /* variants of each product */
	struct import_product **owners;                /* of each variant, in the batch's order */
	struct import_variant **variants;
	size_t variant_count;
};

struct arena *matching_arena(const struct matching *matching);

/* Finds the variants that are there: by the values of their options, else by a SKU that is unique
 * in their product. Tells of SKUs that others have, too. */
void matching_pair(struct matching *matching);

#endif
