/*
 * buf: a growing string of bytes in an arena.
 *
 * Invariants: data[length] is always 0, so that data is also a C string; length < capacity.
 * The bytes belong to the arena; growing may move them, so keep offsets and not pointers.
 */
#ifndef SEBEZ_BASE_BUF_H
#define SEBEZ_BASE_BUF_H

#include <stddef.h>
#include <string.h>

#include "base/arena.h"

struct buf {
	struct arena *arena;
	char *data;
	size_t length;
	size_t capacity;
};

struct buf buf_new(struct arena *arena, size_t capacity);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_int(struct buf *buf, long long value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *buf);

void buf_grow(struct buf *buf, size_t more); /* for buf_reserve */

/* The next three are the hot path of replies, so they are inlined. */

/* Room for `more` bytes and a final 0 at the end; returns the end. */
static inline char *buf_reserve(struct buf *buf, size_t more)
{
	if (more >= buf->capacity - buf->length)
		buf_grow(buf, more);
	return buf->data + buf->length;
}

static inline void buf_add(struct buf *buf, const void *bytes, size_t count)
{
	char *end = buf_reserve(buf, count);

	if (count > 0)
		memcpy(end, bytes, count);
	end[count] = 0;
	buf->length += count;
}

static inline void buf_add_char(struct buf *buf, char byte)
{
	char *end = buf_reserve(buf, 1);

	end[0] = byte;
	end[1] = 0;
	buf->length++;
}

#endif
