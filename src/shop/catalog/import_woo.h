/*
 * import_woo: converts the rows of a WooCommerce product CSV to the meaning of Shopify's rows.
 *
 * In WooCommerce a product without variations is one row. A product with variations is a row of
 * Type variable, which describes it, and a row of Type variation for each, anywhere after it, which
 * names its Parent by SKU, or by ID as id:12. Here the first row of a product has a variant; so the
 * description is held, in bounded memory, until its first variation, and passed on with it.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_WOO_H
#define SEBEZ_SHOP_CATALOG_IMPORT_WOO_H

#include "shop/catalog/import_columns.h"

struct import_woo;

/* Receives the rows of one product; they are valid until it returns. May suspend or end its
 * task. */
typedef void import_rows_fn(void *arg, const struct import_row rows[], size_t count);

/* full: see arena_new(). */
struct import_woo *import_woo_new(struct arena *arena, arena_full_fn *full, void *owner,
                                  const struct import_header *header, struct import_report *report,
                                  import_rows_fn *take, void *arg);
/* Takes a row that was read. The row is modified, and passed on, held, or refused and counted as
 * refused. */
void import_woo_row(struct import_woo *woo, struct import_row *row);
/* Passes on the rows still held: their product may already exist. */
void import_woo_end(struct import_woo *woo);

/* A WooCommerce column whose name has a parameter: the weight has a unit. */
enum import_column import_woo_column(const char *text, const char **ret_name);
/* Reads the parameters of such names, and the attribute columns. */
void import_woo_header(struct import_header *header, const struct csv_row *row,
                       struct arena *arena);

#endif
