/*
 * extra: columns of a product CSV that mean nothing to us, or less than they say. What they hold is
 * kept by their names, of the product or of the variant that its row is about, and exported as it
 * came.
 *
 * Some of them we export anyhow, with what is usual: then only what differs is kept.
 */
#ifndef SEBEZ_SHOP_CATALOG_EXTRA_H
#define SEBEZ_SHOP_CATALOG_EXTRA_H

#include <stdbool.h>

struct extra_column {
	const char *name, *newer_name; /* as Shopify's two exports have it */
	const char *usual;             /* NULL: the vendor's name */
	bool of_variant;
};

extern const struct extra_column EXTRA_VENDOR, EXTRA_TRACKER, EXTRA_SERVICE, EXTRA_SHIPPING,
    EXTRA_TAXABLE, EXTRA_GIFT_CARD, EXTRA_UNIT;

/* The one of that name that we export anyhow; NULL when there is none. */
const struct extra_column *extra_find(const char *name);

#endif
