/*
 * import_seen: the products and variants that a file has named, and the line of each, at any
 * distance: a hash table, because a file may have more rows than fit in memory.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_SEEN_H
#define SEBEZ_SHOP_CATALOG_IMPORT_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	/* Per file. A row adds three entries at most: 64 MB in all. */
	IMPORT_ROWS = 1000000,
};

struct import_seen;

struct import_seen_entry {
	uint64_t key; /* never 0 */
	uint32_t line;
	uint32_t title; /* of a product: a hash of its title; 0: not described yet */
};

/* full: see arena_new(). */
struct import_seen *import_seen_new(struct arena *arena, arena_full_fn *full, void *owner);
/* The entry of the key, new if its line is the given one. Valid until the next call. */
bool import_seen_has(const struct import_seen *seen, uint64_t key);
struct import_seen_entry *import_seen_at(struct import_seen *seen, uint64_t key, int64_t line);

#endif
