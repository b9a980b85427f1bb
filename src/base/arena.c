#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

/* Under ASan unallocated bytes are poisoned, and a gap after each allocation detects overruns. */
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define POISON(address, size) ASAN_POISON_MEMORY_REGION((address), (size))
#define UNPOISON(address, size) ASAN_UNPOISON_MEMORY_REGION((address), (size))
#else
enum { GAP = 0 };
#define POISON(address, size) ((void)(address), (void)(size))
#define UNPOISON(address, size) ((void)(address), (void)(size))
#endif

enum {
	ALIGNMENT = _Alignof(max_align_t),
	FIRST_BYTES = 8 * 1024, /* most requests need no second chunk */
	CHUNK_BYTES_MAX = 256 * 1024,
};

_Static_assert((ALIGNMENT & (ALIGNMENT - 1)) == 0, "aligned() masks the lower bits");
_Static_assert(GAP % ALIGNMENT == 0, "what follows a gap is aligned");

struct chunk {
	struct chunk *next;
	_Alignas(max_align_t) char bytes[];
};

struct defer {
	struct defer *next;
	arena_defer_fn *release;
	void *thing;
};

struct arena {
	char *next; /* the first free byte of the newest chunk */
	char *end;
	size_t used;
	size_t bytes_max;
	size_t chunk_bytes; /* size of the next chunk */
	struct chunk *chunks;
	struct defer *defers;
	arena_full_fn *full;
	void *owner;
	bool was_full;
	_Alignas(max_align_t) char bytes[];
};

_Static_assert(sizeof(struct arena) < FIRST_BYTES, "the first chunk has free bytes");

static bool is_aligned(const void *bytes)
{
	return (uintptr_t)bytes % ALIGNMENT == 0;
}

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

struct arena *arena_new(size_t bytes_max, arena_full_fn *full, void *owner)
{
	struct arena *arena = malloc(FIRST_BYTES);

	if (arena == NULL)
		abort();
	*arena = (struct arena){
	    .next = arena->bytes,
	    .end = (char *)arena + FIRST_BYTES,
	    .bytes_max = bytes_max,
	    .chunk_bytes = FIRST_BYTES * 2,
	    .full = full,
	    .owner = owner,
	};
	POISON(arena->next, arena->end - arena->next);
	return arena;
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	/* A release may defer again, so each is unlinked before it runs. */
	while (arena->defers != NULL) {
		struct defer *defer = arena->defers;

		arena->defers = defer->next;
		defer->release(defer->thing);
	}
	while (arena->chunks != NULL) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	free(arena);
}

static _Noreturn void arena_is_full(struct arena *arena)
{
	if (arena->full == NULL || arena->was_full)
		abort();
	arena->was_full = true;
	arena->bytes_max += ARENA_RESERVE;
	arena->full(arena->owner);
	abort(); /* full returned, which its contract forbids */
}

/* A large allocation gets its own chunk, and the newest chunk keeps its free space. */
static void *alloc_alone(struct arena *arena, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (chunk == NULL)
		return NULL;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->used += size;
	return chunk->bytes;
}

static bool add_chunk(struct arena *arena)
{
	struct chunk *chunk = malloc(arena->chunk_bytes);

	if (chunk == NULL)
		return false;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->end = (char *)chunk + arena->chunk_bytes;
	POISON(arena->next, arena->end - arena->next);
	if (arena->chunk_bytes < CHUNK_BYTES_MAX)
		arena->chunk_bytes *= 2;
	return true;
}

/* NULL when the bound would be exceeded or the machine is out of memory. */
static void *alloc_or_null(struct arena *arena, size_t size)
{
	if (arena->used > arena->bytes_max || size > arena->bytes_max - arena->used)
		return NULL;

	size_t taken = aligned(size) + GAP;

	if (taken > (size_t)(arena->end - arena->next)) {
		if (taken > arena->chunk_bytes / 4)
			return alloc_alone(arena, aligned(size));
		if (!add_chunk(arena))
			return NULL;
	}

	char *bytes = arena->next;

	arena->next += taken;
	arena->used += aligned(size);
	assert(arena->next <= arena->end && is_aligned(bytes));
	UNPOISON(bytes, size);
	return memset(bytes, 0, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *bytes = alloc_or_null(arena, size);

	if (bytes == NULL)
		arena_is_full(arena);
	return bytes;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		arena_is_full(arena);
	return arena_alloc(arena, bytes);
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
	assert(new_size >= old_size && (old != NULL || old_size == 0));

	size_t more = aligned(new_size) - aligned(old_size);
	bool newest = old != NULL && (char *)old + aligned(old_size) + GAP == arena->next;

	/* more wraps for sizes near SIZE_MAX; arena_alloc below refuses those by its bound. */
	if (newest && new_size <= arena->bytes_max && more <= arena->bytes_max - arena->used &&
	    more <= (size_t)(arena->end - arena->next)) {
		arena->next += more;
		arena->used += more;
		UNPOISON(old, new_size);
		memset((char *)old + old_size, 0, new_size - old_size);
		return old;
	}

	void *moved = arena_alloc(arena, new_size);

	if (old_size > 0)
		memcpy(moved, old, old_size);
	return moved;
}

void *arena_room(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 4 : *room * 2;

	assert(count <= *room && (items != NULL || *room == 0));
	if (count < *room)
		return items;
	assert(more > *room && more <= SIZE_MAX / size);
	items = arena_grow(arena, items, *room * size, more * size);
	*room = more;
	return items;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	size_t real = strnlen(text, length);
	char *copy = arena_alloc(arena, real + 1);

	memcpy(copy, text, real);
	return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	va_list copy;
	char *text;
	int length, written;

	va_copy(copy, arguments);
	length = vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	assert(length >= 0);
	text = arena_alloc(arena, (size_t)length + 1);
	written = vsnprintf(text, (size_t)length + 1, format, arguments);
	assert(written == length);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}

void arena_defer(struct arena *arena, arena_defer_fn *release, void *thing)
{
	struct defer *defer = alloc_or_null(arena, sizeof(*defer));

	assert(release != NULL);
	if (defer == NULL) {
		release(thing);
		arena_is_full(arena);
	}
	*defer = (struct defer){.next = arena->defers, .release = release, .thing = thing};
	arena->defers = defer;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
