/*
 * import_dry: what a dry run must know of the products that it would have made. Each batch is
 * written and rolled back, so that it holds no lock for longer than a real one; a later row that
 * continues a product of an earlier batch finds here which options that has.
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
/* Those of the batch that are new. */
void import_dry_keep(struct import_dry *dry, const struct import_batch *batch);
/* True when an earlier batch would have made the product; then it gets its options. */
bool import_dry_continue(const struct import_dry *dry, struct import_seen *seen,
                         struct import_product *product);

#endif
