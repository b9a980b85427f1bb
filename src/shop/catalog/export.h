/*
 * export: products as a product CSV of Shopify or WooCommerce, as import reads them. A product's
 * rows are contiguous: its first row describes it, and each row may have a variant, an image, or
 * both.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXPORT_H
#define SEBEZ_SHOP_CATALOG_EXPORT_H

#include "base/buf.h"
#include "export.sql.h"

/* Columns beyond those that every export has. */
struct export_columns {
	size_t count;
	const char **names;
};

void export_header(struct buf *buf, const struct export_columns *extras);
void export_product(struct buf *buf, const struct export_columns *extras,
                    const struct export_products_row *product, size_t variant_count,
                    const struct export_variants_row variants[]);

/* The same in the format of WooCommerce. */
void export_woo_header(struct buf *buf, const struct export_columns *extras);
void export_woo_product(struct buf *buf, const struct export_columns *extras,
                        const struct export_products_row *product, size_t variant_count,
                        const struct export_variants_row variants[]);
/* Whether a column that files brought comes behind those that every export has. */
bool export_woo_adds(const char *name);

#endif
