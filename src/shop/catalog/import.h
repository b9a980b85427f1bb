/*
 * import: a product CSV of Shopify or WooCommerce into the catalogue of the vendor that the task
 * acts for.
 *
 * The file comes piece by piece; memory is bounded whatever its size. Good products go in, a
 * transaction per 200 of them; bad rows are reported. A product with a bad variant goes in with its
 * good ones. Importing the same file again changes nothing: products are known by handle, variants
 * by SKU and else by option values. Nothing is deleted.
 *
 * An import that ends early (the database is gone, the caller lost its role) keeps the batches that
 * were written; importing again goes on from there, for it changes only what differs.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_H
#define SEBEZ_SHOP_CATALOG_IMPORT_H

#include "shop/catalog/import_columns.h"
#include "task/task.h"

struct import;

/* The task's actor is staff of a vendor, or ACTOR_IMPORT. Ends the task when it may not. Suspends.
 * A dry run reports what would be, and changes nothing. */
struct import *import_begin(struct task *task, bool dry_run);
/* The next piece of the file. May suspend; ends the task when the file is no product CSV, or the
 * database does not go along. */
void import_feed(struct import *import, const char *bytes, size_t count);
const struct import_report *import_report(const struct import *import); /* so far */
/* The file is complete. Suspends. */
const struct import_report *import_end(struct import *import);

#endif
