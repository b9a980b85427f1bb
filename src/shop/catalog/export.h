/*
 * export: products as a Shopify product CSV, in the format that import reads. A product's rows are
 * contiguous: its first row describes it, and each row may have a variant, an image, or both.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXPORT_H
#define SEBEZ_SHOP_CATALOG_EXPORT_H

#include "base/buf.h"
#include "export.sql.h"

void export_header(struct buf *buf);
void export_product(struct buf *buf, const struct export_products_row *product,
                    size_t variant_count, const struct export_variants_row variants[]);

#endif
