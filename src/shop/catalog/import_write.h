/*
 * import_write: writes a matched batch: products, variants, stock, and the listing derived from
 * them.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_WRITE_H
#define SEBEZ_SHOP_CATALOG_IMPORT_WRITE_H

#include "shop/catalog/import_product.h"
#include "task/db.h"

/* Counts in the batch's report. Suspends. */
void import_write(struct db *tx, const struct import_batch *batch);

#endif
