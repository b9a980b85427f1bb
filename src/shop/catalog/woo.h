/*
 * woo: how WooCommerce writes single values in its product CSV.
 */
#ifndef SEBEZ_SHOP_CATALOG_WOO_H
#define SEBEZ_SHOP_CATALOG_WOO_H

#include "base/arena.h"
#include "base/buf.h"

/* The value of an option that a variation leaves open. */
#define WOO_ANY "Any"

/* The next item of "a, b\, c", without blanks around it; *list moves behind it. NULL: no more. */
char *woo_item(struct arena *arena, const char **list);
/* Adds the item of that number, from 0, to such a list. */
void woo_add_item(struct buf *list, size_t number, const char *item);
/* A description has "\n" for the end of a line. */
const char *woo_description(struct arena *arena, const char *cell);
void woo_add_description(struct buf *cell, const char *text);

#endif
