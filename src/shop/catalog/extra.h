/*
 * extra: columns of a product CSV that the catalogue does not use, or uses only in part. Their
 * values are stored under the column's name, with the product or variant of the row, and exported
 * unchanged.
 *
 * Some of these columns are in every export, with a default value: for them only other values are
 * stored.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXTRA_H
#define SEBEZ_SHOP_CATALOG_EXTRA_H

#include <stdbool.h>

struct extra_column {
	const char *name, *newer_name; /* as in Shopify's two export formats */
	const char *usual;             /* default; NULL: the vendor's name */
	bool of_variant;
};

extern const struct extra_column EXTRA_VENDOR, EXTRA_TRACKER, EXTRA_SERVICE, EXTRA_SHIPPING,
    EXTRA_TAXABLE, EXTRA_GIFT_CARD, EXTRA_UNIT;

/* The always exported column of that name; NULL for none. */
const struct extra_column *extra_find(const char *name);

#endif
