/*
 * import_woo_parent: products with variations in a WooCommerce product CSV, and their options.
 * Private to import_woo.c and import_woo_option.c.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_WOO_PARENT_H
#define SEBEZ_SHOP_CATALOG_IMPORT_WOO_PARENT_H

#include "shop/catalog/import_product.h"
#include "shop/catalog/import_woo_cell.h"

/* A product with variations. */
struct woo_parent {
	const char *handle, *stock;
	size_t name_count; /* number of its options, named by the first variation */
	const char *names[IMPORT_OPTIONS];
	struct arena *arena;    /* of row; NULL: already passed on */
	struct import_row *row; /* the held row */
	struct arena *lasting;  /* for names */
};

/* Reads the options of a variation. The first variation of a product names its options. */
void woo_read_options(const struct woo_cells *cells, struct import_row *row,
                      struct woo_parent *parent);
/* Names the options in the held row of the product, after its first variation was read. */
void woo_name_options(struct woo_parent *parent);

#endif
