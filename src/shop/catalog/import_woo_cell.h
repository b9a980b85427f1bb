/*
 * import_woo_cell: converts the cells of a WooCommerce row to ours in place. Private to
 * import_woo.c.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_WOO_CELL_H
#define SEBEZ_SHOP_CATALOG_IMPORT_WOO_CELL_H

#include "shop/catalog/import_columns.h"

struct woo_cells {
	const struct import_header *header;
	struct import_report *report;
	struct arena *arena; /* for converted cells */
	char today[sizeof("2026-12-31")];
};

/* "" for none */
const char *woo_value(const struct import_row *row, enum import_column column);
/* Adds a warning, reported once the row is in a batch. */
void woo_warn(const struct woo_cells *cells, struct import_row *row, enum import_column column,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
bool woo_says_no(const char *text);

void woo_convert_price(const struct woo_cells *cells, struct import_row *row);
void woo_convert_stock(struct import_row *row);
void woo_convert_weight(const struct woo_cells *cells, struct import_row *row);
void woo_convert_description(const struct woo_cells *cells, struct import_row *row);
/* A handle for the row's product. It is the same when the file is imported again with another name
 * or price. NULL: nothing identifies the product. */
const char *woo_handle(const struct woo_cells *cells, const struct import_row *row);

#endif
