/*
 * woo: WooCommerce's notation of single values in its product CSV.
 */
#ifndef SEBEZ_SHOP_CATALOG_WOO_H
#define SEBEZ_SHOP_CATALOG_WOO_H

#include "base/arena.h"
#include "base/buf.h"

/* The value of an option that a variation leaves open. */
#define WOO_ANY "Any"

/* The next item of "a, b\, c", trimmed; advances *list. NULL: no more. */
char *woo_item(struct arena *arena, const char **list);
/* Appends the item with that number, from 0, to such a list. */
void woo_add_item(struct buf *list, size_t number, const char *item);
/* In a description "\n" stands for a line end. */
const char *woo_description(struct arena *arena, const char *cell);
void woo_add_description(struct buf *cell, const char *text);

#endif
