#include "shop/catalog/import_csv.h"

#include <assert.h>
#include <csv.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

enum { FIELD_BLOCK_BYTES = 4096 };

struct csv_reader {
	struct csv_parser parser;
	csv_row_fn *on_row;
	void *arg;
	struct csv_row row; /* being read */
	struct csv_field fields[CSV_COLUMNS];
	char bytes[CSV_ROW_BYTES];
	size_t used;    /* of bytes */
	int64_t line;   /* that the next byte is on */
	int mark_bytes; /* of the byte order mark seen so far; -1 when it is behind us */
	bool after_return;
	bool in_row;
};

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

/* libcsv's buffer for one field: growing it past the bound fails, and feed() goes on from there. */
static void *bounded_realloc(void *old, size_t size)
{
	return size > CSV_FIELD_BYTES ? NULL : realloc(old, size);
}

static void release(void *parser)
{
	csv_free(parser);
}

static void problem(struct csv_reader *reader, enum csv_problem problem)
{
	if (reader->row.problem != CSV_FINE)
		return;
	reader->row.problem = problem;
	reader->row.problem_field = reader->row.count;
}

static void take_field(void *text, size_t length, void *arg)
{
	struct csv_reader *reader = arg;
	struct csv_row *row = &reader->row;

	if (row->count == CSV_COLUMNS)
		problem(reader, CSV_TOO_MANY_FIELDS);
	else if (length >= sizeof(reader->bytes) - reader->used)
		problem(reader, CSV_ROW_TOO_LONG);
	if (row->problem == CSV_FINE) {
		char *copy = reader->bytes + reader->used;

		if (length > 0)
			memcpy(copy, text, length);
		copy[length] = 0;
		reader->used += length + 1;
		reader->fields[row->count] = (struct csv_field){copy, length};
	}
	if (row->count < CSV_COLUMNS)
		row->count++;
}

static void hand_over(struct csv_reader *reader)
{
	if (reader->row.problem != CSV_FINE)
		reader->row.count = 0;
	reader->on_row(reader->arg, &reader->row);
	reader->row = (struct csv_row){.line = reader->line + 1, .fields = reader->fields};
	reader->used = 0;
	reader->in_row = false;
}

static void take_row(int end, void *arg)
{
	hand_over(arg);
}

struct csv_reader *csv_reader_new(struct arena *arena, csv_row_fn *row, void *arg)
{
	struct csv_reader *reader = arena_alloc(arena, sizeof(*reader));

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

/* Bytes of at most one line. */
static void parse(struct csv_reader *reader, const char *bytes, size_t count)
{
	struct csv_parser *parser = &reader->parser;

	while (count > 0) {
		size_t done = csv_parse(parser, bytes, count, take_field, take_row, reader);

		bytes += done;
		count -= done;
		if (count == 0)
			break;
		/* The field is full. What it holds is dropped, all but one byte, because libcsv may
		 * yet take a closing quote back; the rest of it is read and dropped alike. */
		assert(parser->entry_size == CSV_FIELD_BYTES); /* else the machine has no memory */
		problem(reader, CSV_FIELD_TOO_LONG);
		parser->entry_pos = 1;
		parser->spaces = 0;
	}
}

static bool is_blank(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strchr(" \t\r\n", bytes[i]) == NULL || bytes[i] == 0)
			return false;
	}
	return true;
}

/* How many bytes until the line ends, its end included: "\n", "\r\n" or "\r". */
static size_t line_length(const char *bytes, size_t count)
{
	size_t length = 0;

	while (length < count && bytes[length] != '\n' && bytes[length] != '\r')
		length++;
	if (length < count)
		length++;
	if (length > 0 && length < count && bytes[length - 1] == '\r' && bytes[length] == '\n')
		length++;
	return length;
}

static void feed(struct csv_reader *reader, const char *bytes, size_t count)
{
	while (count > 0) {
		size_t length = line_length(bytes, count);

		assert(length > 0 && length <= count);
		if (reader->after_return) {
			/* "\r" ended the last piece; with this "\n" it is one end of a line. */
			if (bytes[0] != '\n')
				reader->line++;
			reader->after_return = false;
		}
		if (!reader->in_row)
			reader->row.line = reader->line;
		/* Before the parser: a row's end takes it back. */
		if (!is_blank(bytes, length))
			reader->in_row = true;
		parse(reader, bytes, length);
		if (bytes[length - 1] == '\n' || (bytes[length - 1] == '\r' && length < count))
			reader->line++;
		else if (bytes[length - 1] == '\r')
			reader->after_return = true;
		bytes += length;
		count -= length;
	}
}

void csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t count)
{
	while (reader->mark_bytes >= 0 && count > 0) {
		int seen = reader->mark_bytes;

		if (*bytes == BYTE_ORDER_MARK[seen]) {
			reader->mark_bytes = seen == 2 ? -1 : seen + 1;
			bytes++;
			count--;
		} else {
			reader->mark_bytes = -1;
			feed(reader, BYTE_ORDER_MARK, (size_t)seen);
		}
	}
	feed(reader, bytes, count);
}

void csv_reader_end(struct csv_reader *reader)
{
	if (reader->mark_bytes > 0)
		feed(reader, BYTE_ORDER_MARK, (size_t)reader->mark_bytes);
	reader->mark_bytes = -1;
	/* Strict about this alone: that the last quote is closed. */
	(void)csv_set_opts(&reader->parser, CSV_STRICT | CSV_STRICT_FINI);
	if (csv_fini(&reader->parser, take_field, take_row, reader) == 0)
		return;
	problem(reader, CSV_QUOTE_OPEN);
	hand_over(reader);
}

static bool needs_quotes(const char *text)
{
	size_t length = strlen(text);

	if (length == 0)
		return false;
	return strpbrk(text, ",\"\r\n") != NULL || strchr(" \t", text[0]) != NULL ||
	       strchr(" \t", text[length - 1]) != NULL;
}

void csv_add(struct buf *buf, const char *text)
{
	if (!needs_quotes(text)) {
		buf_add_str(buf, text);
		return;
	}
	buf_add_char(buf, '"');
	for (const char *next = text; *next != 0; next++) {
		if (*next == '"')
			buf_add_char(buf, '"');
		buf_add_char(buf, *next);
	}
	buf_add_char(buf, '"');
}
