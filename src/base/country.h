/*
 * country: the codes of countries and territories, ISO 3166-1 alpha-2 as officially assigned
 * (249 codes, compared with Debian's iso-codes 4.15). Kosovo has no official code.
 */
#ifndef SEBEZ_BASE_COUNTRY_H
#define SEBEZ_BASE_COUNTRY_H

#include <stdbool.h>

/* True for the two capital letters of an assigned code. Reserved codes such as UK are not accepted.
 * */
bool country_is_valid(const char *text);

#endif
