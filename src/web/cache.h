/*
 * cache: replies to public GETs (x-cache in the contract), cached in the process.
 *
 * A reply is served for at most CACHE_AGE_MS after its handler began, so the cache of any process
 * is at most that old, and never after cache_invalidate() in the same process. After
 * CACHE_REFRESH_MS one request refreshes it while others still get the old one.
 *
 * Only operations that ignore credentials are cached. The key is the origin and the raw target;
 * targets longer than CACHE_KEY_MAX are not cached. Bounded by LIMIT_CACHE_ENTRIES and
 * LIMIT_CACHE_BYTES; the least recently used entry is evicted first.
 */
#ifndef SEBEZ_WEB_CACHE_H
#define SEBEZ_WEB_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

enum { CACHE_AGE_MS = 1000, CACHE_REFRESH_MS = 500, CACHE_KEY_MAX = 1024 };

/* What a cache miss needs to store its reply later. */
struct cache_ticket {
	bool wanted;
	unsigned origin; /* origin whose headers the reply has (web/origin.h) */
	uint64_t generation;
	int64_t begun_ms;
};

void cache_start(bool on);
void cache_stop(void);

/* Answers from the cache when possible; *ret_operation and *ret_status are for metrics. */
bool cache_answer(struct http_exchange *ex, unsigned *ret_operation, int *ret_status);
struct cache_ticket cache_ticket(unsigned origin);

/* Stores a 200 reply. headers must have an ETag and nothing specific to one request. */
void cache_keep(struct http_exchange *ex, struct cache_ticket ticket, unsigned operation,
                size_t header_count, const struct http_header headers[], const char *etag,
                const void *body, size_t length);

/* Invalidates all entries of this process. */
void cache_invalidate(void);

#endif
