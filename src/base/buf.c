#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BUF_BYTES_MIN = 64 };

static bool has_end(const struct buf *buf) /* room for the final 0 */
{
	return buf->length < buf->capacity;
}

struct buf buf_new(struct arena *arena, size_t capacity)
{
	assert(arena != NULL);
	if (capacity < BUF_BYTES_MIN)
		capacity = BUF_BYTES_MIN;
	return (struct buf){
	    .arena = arena,
	    .data = arena_alloc(arena, capacity),
	    .capacity = capacity,
	};
}

void buf_grow(struct buf *buf, size_t more)
{
	size_t capacity = buf->capacity * 2;
	size_t needed;

	assert(has_end(buf));
	if (__builtin_add_overflow(buf->length + 1, more, &needed))
		needed = SIZE_MAX; /* no arena has that much: alloc ends its owner */
	if (capacity < needed)
		capacity = needed;
	buf->data = arena_grow(buf->arena, buf->data, buf->capacity, capacity);
	buf->capacity = capacity;
	assert(buf->length + more < buf->capacity);
}

void buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_int(struct buf *buf, long long value)
{
	char digits[24];
	char *first = digits + sizeof(digits);
	unsigned long long rest =
	    value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;

	do {
		*--first = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--first = '-';
	assert(first >= digits);
	buf_add(buf, first, (size_t)(digits + sizeof(digits) - first));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, copy;
	int length;

	assert(has_end(buf));
	va_start(args, format);
	va_copy(copy, args);
	length = vsnprintf(buf->data + buf->length, buf->capacity - buf->length, format, args);
	va_end(args);
	assert(length >= 0);
	if ((size_t)length >= buf->capacity - buf->length)
		vsnprintf(buf_reserve(buf, (size_t)length), (size_t)length + 1, format, copy);
	va_end(copy);
	buf->length += (size_t)length;
	assert(has_end(buf) && buf->data[buf->length] == 0);
}

void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->data[0] = 0;
}
