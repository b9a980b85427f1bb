/*
 * export_parts: helpers to write the rows of any product CSV. Private to export.c and export_woo.c.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXPORT_PARTS_H
#define SEBEZ_SHOP_CATALOG_EXPORT_PARTS_H

#include <jansson.h>

#include "shop/catalog/export.h"
#include "shop/catalog/extra.h"

struct export_parts {
	const struct export_products_row *product; /* set only in the row that describes it */
	const struct export_variants_row *variant; /* NULL: the row has none */
	const json_t *of_product, *of_variant;     /* their extra columns */
};

/* Parses JSON from the database. Lives as long as the buffer. */
json_t *export_json(struct buf *buf, const char *text);
const char *export_member(const json_t *array, size_t i, const char *key); /* "" for none */
/* Where a kept picture (shop/image.h) is, NULL for none; as JSON, or the text of that. */
const char *export_picture(struct buf *buf, const char *origin, const json_t *image);
const char *export_picture_text(struct buf *buf, const char *origin, const char *image);
/* The value of an extra column; NULL for none. */
const char *export_kept(const struct export_parts *parts, const char *name);

/* Appends the value and a comma. */
void export_add(struct buf *buf, const char *text); /* NULL: empty */
void export_add_money(struct buf *buf, const int64_t *amount, const char *currency);
/* Appends an extra column, in rows that have the product or variant it belongs to. */
void export_add_extra(struct buf *buf, const struct export_parts *parts,
                      const struct extra_column *column, const char *usual);

#endif
