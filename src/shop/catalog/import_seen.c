#include "shop/catalog/import_seen.h"

#include <assert.h>
#include <stddef.h>

enum { SLOTS_FIRST = 1024, SLOTS_MAX = 4 * 1024 * 1024 };

_Static_assert(3 * IMPORT_ROWS < SLOTS_MAX, "three entries a row leave a slot free");
_Static_assert((SLOTS_FIRST & (SLOTS_FIRST - 1)) == 0 && (SLOTS_MAX & (SLOTS_MAX - 1)) == 0,
               "a hash is masked to a slot");
_Static_assert(sizeof(struct import_seen_entry) == 16, "bytes per entry");

struct import_seen {
	arena_full_fn *full;
	void *owner;
	struct arena *arena; /* of the slots */
	struct arena *next;  /* of their replacement */
	struct import_seen_entry *slots;
	size_t room; /* a power of two */
	size_t count;
};

static void release(void *arg)
{
	struct import_seen *seen = arg;

	arena_free(seen->arena);
	arena_free(seen->next);
}

static void make_slots(struct import_seen *seen, size_t room)
{
	size_t bytes = room * sizeof(seen->slots[0]);

	seen->next = arena_new(bytes + ARENA_RESERVE, seen->full, seen->owner);
	seen->slots = arena_alloc(seen->next, bytes);
	seen->room = room;
	seen->arena = seen->next;
	seen->next = NULL;
}

struct import_seen *import_seen_new(struct arena *arena, arena_full_fn *full, void *owner)
{
	struct import_seen *seen = arena_alloc(arena, sizeof(*seen));

	seen->full = full;
	seen->owner = owner;
	arena_defer(arena, release, seen);
	make_slots(seen, SLOTS_FIRST);
	return seen;
}

static struct import_seen_entry *slot_of(const struct import_seen *seen, uint64_t key)
{
	assert(key != 0 && seen->count < seen->room); /* else the search has no end */
	size_t slot = (size_t)(key ^ key >> 32) & (seen->room - 1);

	while (seen->slots[slot].key != 0 && seen->slots[slot].key != key)
		slot = (slot + 1) & (seen->room - 1);
	return &seen->slots[slot];
}

static void grow(struct import_seen *seen)
{
	struct arena *arena = seen->arena;
	const struct import_seen_entry *slots = seen->slots;
	size_t room = seen->room;

	if (seen->count < room / 4 * 3 || room == SLOTS_MAX)
		return;
	make_slots(seen, room * 2);
	for (size_t i = 0; i < room; i++) {
		if (slots[i].key != 0)
			*slot_of(seen, slots[i].key) = slots[i];
	}
	assert(seen->room > seen->count && seen->next == NULL);
	arena_free(arena);
}

bool import_seen_has(const struct import_seen *seen, uint64_t key)
{
	return slot_of(seen, key + (key == 0))->key != 0;
}

struct import_seen_entry *import_seen_at(struct import_seen *seen, uint64_t key, int64_t line)
{
	grow(seen);
	key += key == 0;
	struct import_seen_entry *entry = slot_of(seen, key);

	if (entry->key == 0) {
		seen->count++;
		*entry = (struct import_seen_entry){.key = key, .line = (uint32_t)line};
	}
	return entry;
}
