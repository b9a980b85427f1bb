#include "web/limit_table.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"

enum { PROBES = 8 };

_Static_assert((int)PROBES < (int)LIMIT_RATE_COUNTERS, "probes do not meet themselves");

struct counter {
	uint64_t key; /* its hash; collisions of 64 bits under a random key are neither accidental
	                 nor feasible */
	int64_t ends_ms;
	int64_t count;
};

static struct counter counters[LIMIT_RATE_COUNTERS];
static uint8_t hash_key[HASH_KEY_BYTES];
static bool has_key;

static uint64_t hash_of(const char *key)
{
	if (!has_key) {
		randombytes_buf(hash_key, sizeof(hash_key));
		has_key = true;
	}
	return hash_keyed(hash_key, key, strlen(key));
}

struct limit_count limit_table_add(const char *key, int64_t window_s, int64_t now_ms)
{
	uint64_t hash = hash_of(key);
	struct counter *chosen = NULL;

	assert(window_s > 0);
	for (unsigned i = 0; i < PROBES; i++) {
		struct counter *at = &counters[(hash + i) % LIMIT_RATE_COUNTERS];

		if (at->key == hash) {
			chosen = at;
			break;
		}
		if (chosen == NULL || at->ends_ms < chosen->ends_ms)
			chosen = at;
	}
	if (chosen->key != hash || chosen->ends_ms <= now_ms)
		*chosen = (struct counter){.key = hash, .ends_ms = now_ms + window_s * 1000};
	chosen->count++;
	assert(chosen->count > 0 && chosen->ends_ms > now_ms);
	return (struct limit_count){.count = chosen->count,
	                            .left_s = (chosen->ends_ms - now_ms + 999) / 1000};
}

void limit_table_subtract(const char *key, int64_t now_ms)
{
	uint64_t hash = hash_of(key);

	for (unsigned i = 0; i < PROBES; i++) {
		struct counter *at = &counters[(hash + i) % LIMIT_RATE_COUNTERS];

		if (at->key == hash && at->ends_ms > now_ms && at->count > 0)
			at->count--;
	}
}

void limit_table_clear(void)
{
	memset(counters, 0, sizeof(counters));
}
