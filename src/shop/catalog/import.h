/*
 * import: imports a product CSV of Shopify or WooCommerce into the catalogue of the vendor of the
 * task's actor.
 *
 * The file is read in pieces; memory is bounded whatever its size. Valid products are written in
 * transactions of up to 200; invalid rows are reported. A product with an invalid variant is
 * written with its valid ones. Importing the same file again changes nothing: products are matched
 * by handle, variants by SKU, else by option values. Nothing is deleted.
 *
 * An import that ends early (database down, caller lost its role) keeps the batches already
 * written; importing again resumes, because only differences are written.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_H
#define SEBEZ_SHOP_CATALOG_IMPORT_H

#include "shop/catalog/import_columns.h"
#include "task/task.h"

struct import;

/* The task's actor is staff of a vendor, or ACTOR_IMPORT. Ends the task without the permission.
 * Suspends. A dry run reports what an import would do and changes nothing. */
struct import *import_begin(struct task *task, bool dry_run);
/* Takes the next piece of the file. May suspend. Ends the task when the file is not a product CSV,
 * or when the database fails. */
void import_feed(struct import *import, const char *bytes, size_t count);
const struct import_report *import_report(const struct import *import); /* so far */
/* Ends the file. Suspends. */
const struct import_report *import_end(struct import *import);

#endif
