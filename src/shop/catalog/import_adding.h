/*
 * import_adding: a row on its way into its product. Private to import_product.c, which describes
 * products, import_variant.c, which takes their options, variants and images, and import_cell.c,
 * which takes single cells.
 *
 * Common variants of a value are interpreted, with a warning. An invalid optional value is ignored,
 * with a warning: it does not reject the row.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_ADDING_H
#define SEBEZ_SHOP_CATALOG_IMPORT_ADDING_H

#include "shop/catalog/import_product.h"

struct adding {
	struct import_batch *batch;
	struct import_product *product;
	const struct import_row *row;
	bool describes; /* the row says what the product is */
};

/* Something of the row does not go in; the rest of it does. */
void adding_complain(struct adding *adding, enum import_column column, const char *reason);
void adding_warn(struct adding *adding, enum import_column column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *adding_value(const struct adding *adding, enum import_column column); /* "" for none */
bool adding_has(const struct adding *adding, enum import_column column);

/* A copy of the value; NULL when the file has no such column. Control characters become blanks, and
 * what is too long is cut. */
const char *adding_text(struct adding *adding, enum import_column column, size_t characters);
/* Of what names something: without the apostrophe that keeps a spreadsheet from taking it for a
 * number; NULL when it is empty or too long. */
const char *adding_code(struct adding *adding, enum import_column column, size_t characters);
/* The value of an option, in the one form that it has however it was typed; "" for none. */
const char *adding_option(struct adding *adding, enum import_column column, size_t characters);
/* These leave *ret when the cell is empty or cannot be taken. */
void adding_bool(struct adding *adding, enum import_column column, bool *ret);
void adding_whole(struct adding *adding, enum import_column column, int64_t min, int64_t max,
                  int32_t *ret);
void adding_grams(struct adding *adding, enum import_column column, int64_t max, int32_t *ret);
/* False when it is no amount, of which nothing was told yet. */
bool adding_money(struct adding *adding, enum import_column column, int64_t *ret);
/* A web address; NULL for none. */
const char *adding_address(struct adding *adding, enum import_column column);

/* What the row says in columns that are only kept, of its product or its variant; NULL: too much.
 */
const char *adding_extra(struct adding *adding, bool of_variant);

void adding_option_names(struct adding *adding);
bool adding_has_variant(const struct adding *adding);
bool adding_variant(struct adding *adding); /* false: the row was refused */
void adding_image(struct adding *adding);

#endif
