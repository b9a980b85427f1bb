/*
 * import_adding: adds a row to its product. Private to import_product.c (product descriptions),
 * import_variant.c (options, variants, images) and import_cell.c (single cells).
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
	bool describes; /* the row describes the product */
};

/* Reports an error: part of the row is not imported, the rest is. */
void adding_complain(struct adding *adding, enum import_column column, const char *reason);
void adding_warn(struct adding *adding, enum import_column column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *adding_value(const struct adding *adding, enum import_column column); /* "" for none */
bool adding_has(const struct adding *adding, enum import_column column);

/* A copy of the value; NULL when the file has no such column. Control characters become blanks, and
 * an overlong value is truncated. */
const char *adding_text(struct adding *adding, enum import_column column, size_t characters);
/* An identifier, without the leading apostrophe by which spreadsheets mark text; NULL when empty or
 * too long. */
const char *adding_code(struct adding *adding, enum import_column column, size_t characters);
/* The value of an option, normalized; "" for none. */
const char *adding_option(struct adding *adding, enum import_column column, size_t characters);
/* These leave *ret unchanged when the cell is empty or invalid. */
void adding_bool(struct adding *adding, enum import_column column, bool *ret);
void adding_whole(struct adding *adding, enum import_column column, int64_t min, int64_t max,
                  int32_t *ret);
void adding_grams(struct adding *adding, enum import_column column, int64_t max, int32_t *ret);
/* False when it is not an amount; the caller reports it. */
bool adding_money(struct adding *adding, enum import_column column, int64_t *ret);
/* A web address; NULL for none. */
const char *adding_address(struct adding *adding, enum import_column column);

/* The row's values of extra columns, of its product or its variant; NULL: too large.
 */
const char *adding_extra(struct adding *adding, bool of_variant);

void adding_option_names(struct adding *adding);
bool adding_has_variant(const struct adding *adding);
bool adding_variant(struct adding *adding); /* false: the row was refused */
void adding_image(struct adding *adding);

#endif
