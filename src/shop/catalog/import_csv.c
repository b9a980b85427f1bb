#include "shop/catalog/import_csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shop/catalog/import_csv_reader.h"

enum { FIELD_BLOCK_BYTES = 4096 };

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

/* libcsv's buffer for one field: growing it past the limit fails, which feed() handles. */
static void *bounded_realloc(void *old, size_t size)
{
	return size > CSV_FIELD_BYTES ? NULL : realloc(old, size);
}

static void release(void *parser)
{
	csv_free(parser);
}

struct csv_reader *csv_reader_new(struct arena *arena, csv_row_fn *row, void *arg)
{
	struct csv_reader *reader = arena_alloc(arena, sizeof(*reader));

	assert(row != NULL);
	reader->on_row = row;
	reader->arg = arg;
	reader->line = 1;
	reader->row = (struct csv_row){.line = 1, .fields = reader->fields};
	(void)csv_init(&reader->parser, 0); /* fails for NULL only */
	csv_set_realloc_func(&reader->parser, bounded_realloc);
	csv_set_blk_size(&reader->parser, FIELD_BLOCK_BYTES);
	arena_defer(arena, release, &reader->parser);
	return reader;
}

static void read_lines(struct csv_reader *reader)
{
	struct csv_raw *raw = &reader->raw;

	while (raw->at < raw->end) {
		assert(csv_raw_is_consistent(raw));
		const char *bytes = raw->bytes + raw->at;
		size_t length = csv_line_length(bytes, raw->end - raw->at);

		if (!csv_read_line(reader, bytes, length))
			continue;
		raw->at += length;
		if (!reader->in_row)
			raw->begin = raw->at;
	}
	if (raw->begin == raw->end)
		raw->begin = raw->at = raw->end = 0;
}

/* Returns how many of the bytes were kept; 0: no room for more of the row. */
static size_t keep(struct csv_reader *reader, const char *bytes, size_t count)
{
	struct csv_raw *raw = &reader->raw;
	size_t room = sizeof(raw->bytes) - raw->end;

	if (room == 0) {
		memmove(raw->bytes, raw->bytes + raw->begin, raw->end - raw->begin);
		room = raw->begin;
		reader->value.after -= raw->begin;
		raw->at -= raw->begin;
		raw->end -= raw->begin;
		raw->begin = 0;
	}
	if (count > room)
		count = room;
	memcpy(raw->bytes + raw->end, bytes, count);
	raw->end += count;
	assert(csv_raw_is_consistent(raw));
	return count;
}

static void feed(struct csv_reader *reader, const char *bytes, size_t count)
{
	struct csv_raw *raw = &reader->raw;

	assert(reader->delimiter != 0 || count == 0);
	while (count > 0) {
		size_t length = raw->lost ? 0 : keep(reader, bytes, count);

		if (length > 0) {
			read_lines(reader);
		} else {
			raw->lost = true;
			raw->begin = raw->at = raw->end = 0;
			length = csv_line_length(bytes, count);
			(void)csv_read_line(reader, bytes, length);
			raw->lost = reader->in_row;
		}
		bytes += length;
		count -= length;
	}
}

static void begin_rows(struct csv_reader *reader)
{
	assert(reader->delimiter == 0); /* it is chosen once */
	reader->delimiter = csv_delimiter(reader->head, reader->head_used);
	csv_set_delim(&reader->parser, (unsigned char)reader->delimiter);
	feed(reader, reader->head, reader->head_used);
}

/* Buffers the first line until it is complete. */
static void feed_head(struct csv_reader *reader, const char *bytes, size_t count)
{
	while (reader->delimiter == 0 && count > 0) {
		bool ends = *bytes == '\n' || *bytes == '\r';

		if ((ends && !csv_is_blank(reader->head, reader->head_used)) ||
		    reader->head_used == CSV_HEAD_BYTES) {
			begin_rows(reader);
			break;
		}
		assert(reader->head_used < CSV_HEAD_BYTES);
		reader->head[reader->head_used++] = *bytes++;
		count--;
	}
	feed(reader, bytes, count);
}

void csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t count)
{
	while (reader->mark_bytes >= 0 && count > 0) {
		int seen = reader->mark_bytes;

		assert(seen < (int)sizeof(BYTE_ORDER_MARK) - 1);
		if (*bytes == BYTE_ORDER_MARK[seen]) {
			/* Some programs add a second byte order mark. */
			reader->mark_bytes = (seen + 1) % 3;
			reader->marks += seen == 2;
			bytes++;
			count--;
		} else {
			reader->mark_bytes = -1;
			feed_head(reader, BYTE_ORDER_MARK, (size_t)seen);
		}
	}
	feed_head(reader, bytes, count);
}

char csv_reader_delimiter(const struct csv_reader *reader)
{
	return reader->delimiter;
}

int csv_reader_marks(const struct csv_reader *reader)
{
	return reader->marks;
}

void csv_reader_end(struct csv_reader *reader)
{
	if (reader->mark_bytes > 0)
		feed_head(reader, BYTE_ORDER_MARK, (size_t)reader->mark_bytes);
	reader->mark_bytes = -1;
	if (reader->delimiter == 0)
		begin_rows(reader);
	for (;;) {
		/* Strict only about the closing quote at the end of the file. */
		(void)csv_set_opts(&reader->parser, CSV_STRICT | CSV_STRICT_FINI);
		if (csv_fini(&reader->parser, csv_on_field, csv_on_row_end, reader) == 0)
			return;
		(void)csv_set_opts(&reader->parser, 0);
		if (reader->value.field != reader->row.count || !csv_may_reread(reader))
			break;
		csv_reread(reader, CSV_QUOTE_OPEN);
		read_lines(reader);
	}
	csv_fail(reader, CSV_QUOTE_OPEN);
	csv_hand_over(reader);
}
