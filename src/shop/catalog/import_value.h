/*
 * import_value: parses single values of a product CSV. Accepts the usual notations of people and
 * spreadsheets, and refuses ambiguous ones. Outputs are unchanged on failure.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_VALUE_H
#define SEBEZ_SHOP_CATALOG_IMPORT_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum { IMPORT_DIGITS = 30 };

/* Normalizes a number with a decimal comma or thousands separators to one with a decimal point:
 * "1.234,50", "1,234.50", "1'234", "12,5". "1,234" is 1.234 where commas are decimal. False when it
 * is not a number. */
bool import_plain(const char *text, bool comma_is_decimal, char ret[IMPORT_DIGITS + 2],
                  bool *ret_has_comma);
/* "50", "9.99", ".5", "12.500": trailing zeros may exceed the currency's decimals. No signs. */
bool import_money(const char *text, const char *currency, int64_t *ret);
/* "-3", "12", "12.0" */
bool import_whole(const char *text, int64_t min, int64_t max, int64_t *ret);
/* "340", "453.59": rounded to the nearest integer */
bool import_rounded(const char *text, int64_t max, int64_t *ret);
/* "3.7", "-0.5": rounded down */
bool import_rounded_down(const char *text, int64_t min, int64_t max, int64_t *ret);
bool import_bool(const char *text, bool *ret); /* true false yes no 1 0, in any case */
/* Booleans of spreadsheets and other languages; text is in lower case. */
bool import_local_bool(const char *text, bool *ret);

#endif
