/*
 * export: writes products as a product CSV of Shopify or WooCommerce, in the form that import
 * reads. The rows of a product are contiguous: the first row describes the product, and each row
 * may have a variant, an image, or both.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXPORT_H
#define SEBEZ_SHOP_CATALOG_EXPORT_H

#include "base/buf.h"
#include "export.sql.h"

/* Extra columns, in addition to those of every export. */
struct export_columns {
	size_t count;
	const char **names;
	const char *origin; /* of this server, for pictures that have no address elsewhere */
};

void export_header(struct buf *buf, const struct export_columns *extras);
void export_product(struct buf *buf, const struct export_columns *extras,
                    const struct export_products_row *product, size_t variant_count,
                    const struct export_variants_row variants[]);

/* The same in WooCommerce's format. */
void export_woo_header(struct buf *buf, const struct export_columns *extras);
void export_woo_product(struct buf *buf, const struct export_columns *extras,
                        const struct export_products_row *product, size_t variant_count,
                        const struct export_variants_row variants[]);
/* Whether an extra column is appended after the columns of every export. */
bool export_woo_adds(const char *name);

#endif
