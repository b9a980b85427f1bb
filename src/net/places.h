/*
 * places: the country of an address, from a file that the operator has, in the format of MaxMind
 * (GeoLite2 Country, DB-IP Country and others). The file is mapped, so it must not be
 * cut or overwritten in place; each process opens it once.
 */
#ifndef SEBEZ_NET_PLACES_H
#define SEBEZ_NET_PLACES_H

enum { PLACES_COUNTRY_LENGTH = 2 };

struct places;

/* NULL when it is not such a file, with the reason, a static text. Free with places_close. */
struct places *places_open(const char *path, const char **ret_error);
void places_close(struct places *places); /* NULL is fine */

/* ISO 3166-1, two capital letters, of an address as text; "": not known. places may be NULL. */
void places_country(const struct places *places, const char *address,
                    char ret[PLACES_COUNTRY_LENGTH + 1]);

#endif
