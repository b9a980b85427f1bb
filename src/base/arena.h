/*
 * arena: the memory of one piece of work, given back all at once.
 *
 * Invariants: an allocation is never NULL and never moves; what is allocated is zeroed and aligned
 * for any type; the sum of all allocations stays below the arena's bound.
 *
 * An arena has one owner, who frees it. When the bound would be passed, or the machine has no
 * memory, the arena calls its owner's `full` function, which must not return (a task ends there);
 * so callers need no check for NULL. From then on ARENA_RESERVE more bytes may be used, so that the
 * owner can still report the failure; exceeding those is a bug and aborts.
 *
 * Other resources (a PGresult, a file) are attached with arena_defer and released, last one first,
 * when the arena is freed.
 */
#ifndef SEBEZ_BASE_ARENA_H
#define SEBEZ_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

enum { ARENA_RESERVE = 16 * 1024 };

typedef void arena_full_fn(void *owner);
typedef void arena_defer_fn(void *thing);

/* full may be NULL: then running out aborts the process (start-up, tools, tests). Failing to
 * allocate the first few kilobytes aborts too: there is no owner yet to report to. */
struct arena *arena_new(size_t bytes_max, arena_full_fn *full, void *owner);
void arena_free(struct arena *arena); /* NULL is fine */

void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count,
                  size_t size); /* count * size, overflow-checked */
/* Makes an allocation larger, in place when it is the newest; its bytes move along, the rest is 0.
 */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);
/* Room for one more of the items of an array, which is grown when `count` fill its room. */
void *arena_room(struct arena *arena, void *items, size_t count, size_t *room, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* When there is no memory for the record, the resource is released at once and `full` is called. */
void arena_defer(struct arena *arena, arena_defer_fn *release, void *thing);

size_t arena_used(const struct arena *arena); /* bytes */

#endif
