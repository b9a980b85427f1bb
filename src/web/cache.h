/*
 * cache: ready replies to public GETs (x-cache in the contract), kept in the process.
 *
 * A reply is given for at most CACHE_AGE_MS after the moment its making began, so no process shows
 * anything older than that, and never after cache_invalidate() in the same process. From
 * CACHE_REFRESH_MS on, one request makes it anew while the others are still given the old one.
 *
 * Only operations that look at no credentials are cached. The key is the origin and the target as
 * it came; one that is longer than CACHE_KEY_MAX is not kept. Bounded by LIMIT_CACHE_ENTRIES and
 * LIMIT_CACHE_BYTES; the least recently used goes first.
 */
#ifndef SEBEZ_WEB_CACHE_H
#define SEBEZ_WEB_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

enum { CACHE_AGE_MS = 1000, CACHE_REFRESH_MS = 500, CACHE_KEY_MAX = 1024 };

/* What a request that was not answered takes along, to hand in its reply. */
struct cache_ticket {
	bool wanted;
	unsigned origin; /* whose headers the reply has (web/origin.h) */
	uint64_t generation;
	int64_t begun_ms;
};

void cache_start(bool on);
void cache_stop(void);

/* Answers from memory when it can; *ret_operation and *ret_status say with what. */
bool cache_answer(struct http_exchange *ex, unsigned *ret_operation, int *ret_status);
struct cache_ticket cache_ticket(unsigned origin);

/* Keeps a 200 reply. headers must have an ETag and nothing of one request only. */
void cache_keep(struct http_exchange *ex, struct cache_ticket ticket, unsigned operation,
                size_t header_count, const struct http_header headers[], const char *etag,
                const void *body, size_t length);

/* What is cached may no longer be true: nothing of it is given again. */
void cache_invalidate(void);

#endif
