/*
 * import_seen: what a file has said of which product and variant, and in which line, however far
 * apart: a table of hashes, for a file may have more rows than memory holds.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_SEEN_H
#define SEBEZ_SHOP_CATALOG_IMPORT_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	/* Of a file. A row leaves three entries at most: 64 MB in all. */
	IMPORT_ROWS = 1000000,
};

struct import_seen;

struct import_seen_entry {
	uint64_t key; /* never 0 */
	uint32_t line;
	uint32_t title; /* of a product: a hash of the title that described it; 0: none did yet */
};

/* full: as arena_new() takes it. */
struct import_seen *import_seen_new(struct arena *arena, arena_full_fn *full, void *owner);
/* The entry of the key, which is new when its line is the given one. Stays until the next call. */
bool import_seen_has(const struct import_seen *seen, uint64_t key);
struct import_seen_entry *import_seen_at(struct import_seen *seen, uint64_t key, int64_t line);

#endif
