/*
 * import_fetch: has the pictures of a batch fetched into the store, whatever becomes of its rows:
 * an upload that nothing shows is not fetched.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_FETCH_H
#define SEBEZ_SHOP_CATALOG_IMPORT_FETCH_H

#include "shop/catalog/import_product.h"
#include "task/db.h"

/* Sets the facts of each picture. Suspends. */
void import_fetch(struct db *tx, struct import_batch *batch);

#endif
