#include "web/cache.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/list.h"
#include "web/etag.h"
#include "web/origin.h"

enum { BUCKETS = 8192 };

struct entry {
	struct list_node by_use; /* in cache.used, latest first */
	struct entry *next;      /* next in its bucket */
	uint64_t hash;
	uint64_t generation;
	int64_t begun_ms;
	int64_t refreshed_ms; /* when a request began to refresh it; 0: none yet */
	unsigned operation;
	size_t bytes;
	struct http_prepared *full, *not_modified;
	char etag[ETAG_SIZE];
	size_t key_length;
	char key[];
};

static struct {
	bool on;
	uint64_t generation;
	uint8_t hash_key[HASH_KEY_BYTES];
	struct list_node used;
	unsigned entries;
	size_t bytes;
	struct entry *buckets[BUCKETS];
} cache;

void cache_start(bool on)
{
	cache.on = on;
	cache.generation = 1;
	list_init(&cache.used);
	randombytes_buf(cache.hash_key, sizeof(cache.hash_key));
}

_Static_assert((BUCKETS & (BUCKETS - 1)) == 0 && (int)BUCKETS >= (int)LIMIT_CACHE_ENTRIES,
               "a bucket has hardly more than one entry");

static void free_entry(struct entry *entry)
{
	assert(list_is_empty(&entry->by_use));
	http_prepared_free(entry->full);
	http_prepared_free(entry->not_modified);
	free(entry);
}

static void drop(struct entry *entry)
{
	struct entry **link = &cache.buckets[entry->hash % BUCKETS];

	while (*link != entry) {
		assert(*link != NULL); /* it is in its bucket */
		link = &(*link)->next;
	}
	assert(cache.entries > 0 && cache.bytes >= entry->bytes);
	*link = entry->next;
	list_remove(&entry->by_use);
	cache.entries--;
	cache.bytes -= entry->bytes;
	free_entry(entry);
}

void cache_stop(void)
{
	struct list_node *node = cache.on ? list_first(&cache.used) : NULL;

	for (; node != NULL; node = list_first(&cache.used))
		drop(CONTAINER_OF(node, struct entry, by_use));
	cache.on = false;
	assert(cache.entries == 0 && cache.bytes == 0);
}

/* Length of the key, 0 when it is too long to be cached. */
static size_t make_key(const struct http_exchange *ex, unsigned origin, char key[CACHE_KEY_MAX])
{
	/* As a character: '0' + ORIGINS_MAX is still ASCII. */
	const char number[] = {(char)('0' + origin), '\0'};
	const char *parts[] = {number, http_path(ex), "?", http_query(ex)};
	size_t length = 0;

	_Static_assert('0' + ORIGINS_MAX < 0x7f, "each origin has a character");
	assert(origin <= ORIGINS_MAX);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t more = strlen(parts[i]);

		if (length + more > CACHE_KEY_MAX)
			return 0;
		memcpy(key + length, parts[i], more);
		length += more;
	}
	return length;
}

static struct entry *find(const char *key, size_t length, uint64_t hash)
{
	struct entry *entry = cache.buckets[hash % BUCKETS];

	for (; entry != NULL; entry = entry->next) {
		if (entry->hash == hash && entry->key_length == length &&
		    memcmp(entry->key, key, length) == 0)
			return entry;
	}
	return NULL;
}

/* True when the entry may be served to this request. */
static bool is_good(struct entry *entry, int64_t now_ms)
{
	int64_t age_ms = now_ms - entry->begun_ms;

	if (entry->generation != cache.generation || age_ms >= CACHE_AGE_MS)
		return false;
	if (age_ms >= CACHE_REFRESH_MS && entry->refreshed_ms == 0) {
		entry->refreshed_ms = now_ms;
		return false;
	}
	return true;
}

bool cache_answer(struct http_exchange *ex, unsigned *ret_operation, int *ret_status)
{
	char key[CACHE_KEY_MAX];

	if (!cache.on || cache.entries == 0)
		return false;
	if (strcmp(http_method(ex), "GET") != 0 && strcmp(http_method(ex), "HEAD") != 0)
		return false;
	size_t length = make_key(ex, origin_of(ex), key);
	uint64_t hash = hash_keyed(cache.hash_key, key, length);
	struct entry *entry = length > 0 ? find(key, length, hash) : NULL;

	if (entry == NULL || !is_good(entry, clock_monotonic_ms()))
		return false;
	bool known = etag_is_known(ex, entry->etag);

	assert(entry->full != NULL && entry->not_modified != NULL);
	list_remove(&entry->by_use);
	list_push_front(&cache.used, &entry->by_use);
	*ret_operation = entry->operation;
	*ret_status = known ? 304 : 200;
	http_reply_prepared(ex, known ? entry->not_modified : entry->full);
	return true;
}

struct cache_ticket cache_ticket(unsigned origin)
{
	return (struct cache_ticket){
	    .wanted = cache.on,
	    .origin = origin,
	    .generation = cache.generation,
	    .begun_ms = clock_monotonic_ms(),
	};
}

static void make_room(size_t bytes)
{
	while (cache.entries > 0 &&
	       (cache.entries >= LIMIT_CACHE_ENTRIES || cache.bytes + bytes > LIMIT_CACHE_BYTES))
		drop(CONTAINER_OF(cache.used.before, struct entry, by_use));
}

static void insert(struct entry *entry)
{
	assert(entry->bytes <= LIMIT_CACHE_BYTES && list_is_empty(&entry->by_use));
	make_room(entry->bytes);
	entry->next = cache.buckets[entry->hash % BUCKETS];
	cache.buckets[entry->hash % BUCKETS] = entry;
	list_push_front(&cache.used, &entry->by_use);
	cache.entries++;
	cache.bytes += entry->bytes;
	assert(cache.entries <= LIMIT_CACHE_ENTRIES && cache.bytes <= LIMIT_CACHE_BYTES);
}

void cache_keep(struct http_exchange *ex, struct cache_ticket ticket, unsigned operation,
                size_t header_count, const struct http_header headers[], const char *etag,
                const void *body, size_t length)
{
	char key[CACHE_KEY_MAX];
	size_t key_length = make_key(ex, ticket.origin, key);
	size_t bytes = sizeof(struct entry) + key_length + length + 1024; /* and both responses */

	/* An entry of more than a quarter of the cache would only evict the others. */
	if (!ticket.wanted || ticket.generation != cache.generation || key_length == 0 ||
	    bytes > LIMIT_CACHE_BYTES / 4)
		return;
	uint64_t hash = hash_keyed(cache.hash_key, key, key_length);
	struct entry *entry = find(key, key_length, hash);

	if (entry != NULL && entry->generation == cache.generation &&
	    entry->begun_ms > ticket.begun_ms)
		return; /* another request has stored a newer one */
	if (entry != NULL)
		drop(entry);
	entry = calloc(1, sizeof(*entry) + key_length);
	if (entry == NULL)
		return;
	entry->hash = hash;
	entry->generation = ticket.generation;
	entry->begun_ms = ticket.begun_ms;
	entry->operation = operation;
	entry->bytes = bytes;
	entry->key_length = key_length;
	memcpy(entry->key, key, key_length);
	assert(strlen(etag) < sizeof(entry->etag));
	strncpy(entry->etag, etag, sizeof(entry->etag) - 1);
	list_init(&entry->by_use);
	entry->full = http_prepare(200, header_count, headers, body, length);
	entry->not_modified = http_prepare(304, header_count, headers, body, length);
	if (entry->full == NULL || entry->not_modified == NULL)
		free_entry(entry);
	else
		insert(entry);
}

void cache_invalidate(void)
{
	cache.generation++;
}
