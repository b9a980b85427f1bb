/*
 * import_adding: a row on its way into its product. Private to import_product.c, which describes
 * products, and import_variant.c, which takes their options, variants and images.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_ADDING_H
#define SEBEZ_SHOP_CATALOG_IMPORT_ADDING_H

#include "shop/catalog/import_product.h"

struct adding {
	struct import_batch *batch;
	struct import_product *product;
	const struct import_row *row;
};

/* Something of the row is bad; the rest of it goes on. Gives false. */
bool adding_complain(struct adding *adding, enum import_column column, const char *reason);
const char *adding_value(const struct adding *adding, enum import_column column); /* "" for none */
bool adding_has(const struct adding *adding, enum import_column column);
/* A copy of the value; *ret stays when the file has no such column. False when it is too long or
 * has control characters. */
bool adding_text(struct adding *adding, enum import_column column, size_t characters,
                 const char **ret);

void adding_option_names(struct adding *adding);
bool adding_has_variant(const struct adding *adding);
void adding_variant(struct adding *adding);
void adding_image(struct adding *adding);

#endif
