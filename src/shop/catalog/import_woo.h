/*
 * import_woo: rows of a WooCommerce product CSV, given the meaning that rows of Shopify's have.
 *
 * There a product without variations is one row. One with variations is a row of Type variable,
 * which says what it is, and a row of Type variation for each, anywhere behind it: that names its
 * Parent by SKU, or as id:12 by ID. Here the first row of a product brings a variant; so what says
 * what a product is waits, in bounded memory, for its first variation, and is passed on with it.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_WOO_H
#define SEBEZ_SHOP_CATALOG_IMPORT_WOO_H

#include "shop/catalog/import_columns.h"

struct import_woo;

/* Rows of one product; they stay until it returns. May suspend, or end its task. */
typedef void import_rows_fn(void *arg, const struct import_row rows[], size_t count);

/* full: as arena_new() takes it. */
struct import_woo *import_woo_new(struct arena *arena, arena_full_fn *full, void *owner,
                                  const struct import_header *header, struct import_report *report,
                                  import_rows_fn *take, void *arg);
/* What was read of a row. It is changed, and passed on, kept, or refused and counted as that. */
void import_woo_row(struct import_woo *woo, struct import_row *row);
/* Passes on what still waits: it may be about a product that is there. */
void import_woo_end(struct import_woo *woo);

/* A column of WooCommerce whose name says more than what it is: its weight has a unit. */
enum import_column import_woo_column(const char *text, const char **ret_name);
/* Finds what such names say, and the attributes. */
void import_woo_header(struct import_header *header, const struct csv_row *row,
                       struct arena *arena);

#endif
