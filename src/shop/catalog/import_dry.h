/*
 * import_dry: the products that a dry run would have created. Each batch is written and rolled
 * back, so that its locks are held no longer than a real batch's; a later row that continues a
 * product of an earlier batch finds that product's options here.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_DRY_H
#define SEBEZ_SHOP_CATALOG_IMPORT_DRY_H

#include <stdbool.h>

#include "base/arena.h"
#include "shop/catalog/import_seen.h"

struct import_product;
struct import_batch;
struct import_dry;

struct import_dry *import_dry_new(struct arena *arena);
/* Stores the batch's new products. */
void import_dry_keep(struct import_dry *dry, const struct import_batch *batch);
/* Returns true, and sets the product's options, when an earlier batch would have created it. */
bool import_dry_continue(const struct import_dry *dry, struct import_seen *seen,
                         struct import_product *product);

#endif
