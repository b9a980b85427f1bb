/*
 * export_parts: what rows of any product CSV are made of. Private to export.c and export_woo.c.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXPORT_PARTS_H
#define SEBEZ_SHOP_CATALOG_EXPORT_PARTS_H

#include <jansson.h>

#include "shop/catalog/export.h"
#include "shop/catalog/extra.h"

struct export_parts {
	const struct export_products_row *product; /* NULL but in the row that describes it */
	const struct export_variants_row *variant; /* NULL: the row has none */
	const json_t *of_product, *of_variant;     /* what was kept of them */
};

/* The database's own JSON; it lives as long as the buffer. */
json_t *export_json(struct buf *buf, const char *text);
const char *export_member(const json_t *array, size_t i, const char *key); /* "" for none */
/* NULL when nothing was kept. */
const char *export_kept(const struct export_parts *parts, const char *name);

/* A value and a comma. */
void export_add(struct buf *buf, const char *text); /* NULL: empty */
void export_add_money(struct buf *buf, const int64_t *amount, const char *currency);
/* A column that means little to us, in rows that have what it is of. */
void export_add_extra(struct buf *buf, const struct export_parts *parts,
                      const struct extra_column *column, const char *usual);

#endif
