#include "shop/catalog/import_csv.h"

#include <assert.h>
#include <csv.h>
#include <stdbool.h>
#include <string.h>

enum {
	FIELD_BLOCK_BYTES = 4096,
	/* Bytes of a file that may be read twice: bounds the cost of a broken file. */
	REREAD_BYTES = 16 * 1024 * 1024,
	/* Of the first line, which determines the delimiter; our own header is half a kilobyte. */
	HEAD_BYTES = 64 * 1024,
};

/* The row's raw bytes, kept while they may have to be read again. */
struct raw {
	char bytes[CSV_ROW_BYTES];
	size_t begin, at, end; /* start of the row; next byte to parse; end of the data */
	bool lost;             /* the row is too long to keep */
};

/* A quoted value that continues into the current line, and the state of the quotes in it. */
struct open_value {
	bool open;
	size_t field;
	size_t after; /* in raw: start of the line after the one that opened it */
	int64_t line; /* of that line */
	enum { QUOTES_CLOSED, QUOTES_OPEN, QUOTES_END, QUOTES_END_BLANK } quotes;
};

struct csv_reader {
	struct csv_parser parser;
	csv_row_fn *on_row;
	void *arg;
	struct csv_row row; /* being read */
	struct csv_field fields[CSV_COLUMNS];
	char bytes[CSV_ROW_BYTES];
	size_t used; /* of bytes */
	struct raw raw;
	struct open_value value;
	size_t reread;
	int64_t line; /* of the next byte */
	char delimiter;
	char head[HEAD_BYTES]; /* until the delimiter is known */
	size_t head_used;
	int marks;
	int mark_bytes; /* bytes of a byte order mark seen so far; -1: past them */
	bool after_return;
	bool in_line, in_row;
};

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
		size_t marked = copy[0] == '\'' && csv_is_formula(copy);

		reader->fields[row->count] = (struct csv_field){copy + marked, length - marked};
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

/* Parses bytes of at most one line. */
static void parse(struct csv_reader *reader, const char *bytes, size_t count)
{
	struct csv_parser *parser = &reader->parser;

	while (count > 0) {
		size_t done = csv_parse(parser, bytes, count, take_field, take_row, reader);

		bytes += done;
		count -= done;
		if (count == 0)
			break;
		/* The field is full. Drop its content except for one byte, because libcsv may
		 * remove a closing quote from it; the rest of the field is read and dropped in the
		 * same way. */
		assert(parser->entry_size == CSV_FIELD_BYTES); /* else out of memory */
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

/* The number of bytes to the end of the line, including "\n", "\r\n" or "\r". */
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

/* Stray quotes ----------------------------------------------------------------------------------*/

/* Starts a line, which may begin within a quoted value. */
static void begin_line(struct csv_reader *reader)
{
	struct open_value *value = &reader->value;

	reader->in_line = true;
	value->quotes = reader->parser.quoted ? QUOTES_OPEN : QUOTES_CLOSED;
	if (!reader->parser.quoted) {
		value->open = false;
	} else if (!value->open || value->field != reader->row.count) {
		value->open = true;
		value->field = reader->row.count;
		value->after = reader->raw.at;
		value->line = reader->line;
	}
}

/* Whether the value in which the line began has a quote that neither ends it nor is doubled. Then
 * its opening quote may be a mistake, and the lines in it may be rows. */
static bool meets_stray_quote(struct open_value *value, char delimiter, const char *bytes,
                              size_t count)
{
	for (size_t i = 0; i < count && value->quotes != QUOTES_CLOSED; i++) {
		char c = bytes[i];

		if (value->quotes == QUOTES_OPEN) {
			if (c == '"')
				value->quotes = QUOTES_END;
		} else if (c == '"' && value->quotes == QUOTES_END) {
			value->quotes = QUOTES_OPEN;
		} else if (c != delimiter && (c == ' ' || c == '\t')) {
			value->quotes = QUOTES_END_BLANK;
		} else {
			value->quotes = QUOTES_CLOSED;
			if (c != delimiter && c != '\r' && c != '\n')
				return true;
		}
	}
	return false;
}

static bool may_reread(const struct csv_reader *reader)
{
	return reader->value.open && !reader->raw.lost &&
	       reader->reread + reader->raw.end - reader->value.after <= REREAD_BYTES;
}

/* Drops the line that opened the value, and continues reading with the line after it. */
static void reread(struct csv_reader *reader, enum csv_problem what)
{
	struct open_value *value = &reader->value;
	struct raw *raw = &reader->raw;

	reader->row.count = value->field;
	reader->row.line = value->line - 1;
	problem(reader, what);
	hand_over(reader);
	(void)csv_fini(&reader->parser, NULL, NULL, NULL); /* resets the parser */
	reader->reread += raw->end - value->after;
	raw->begin = raw->at = value->after;
	reader->line = value->line;
	reader->after_return = reader->in_line = false;
	*value = (struct open_value){.open = false};
}

/* Lines -----------------------------------------------------------------------------------------*/

/* Takes bytes of at most one line. False when they must be read again. */
static bool take_line(struct csv_reader *reader, const char *bytes, size_t length)
{
	/* "\r" ended the last piece; "\n" completes the same line end. */
	bool is_end = reader->after_return && bytes[0] == '\n';

	reader->line += reader->after_return && !is_end;
	reader->after_return = false;
	if (!reader->in_line && !is_end)
		begin_line(reader);
	if (!reader->in_row)
		reader->row.line = reader->line;
	/* Before parsing: the end of a row resets it. */
	if (!is_blank(bytes, length))
		reader->in_row = true;
	if (meets_stray_quote(&reader->value, reader->delimiter, bytes, length)) {
		if (may_reread(reader)) {
			reread(reader, CSV_QUOTE_STRAY);
			return false;
		}
		problem(reader, CSV_QUOTE_STRAY);
	}
	parse(reader, bytes, length);
	if (reader->row.problem == CSV_FIELD_TOO_LONG && reader->parser.quoted &&
	    reader->value.field == reader->row.count && may_reread(reader)) {
		reread(reader, CSV_FIELD_TOO_LONG);
		return false;
	}
	if (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')
		reader->in_line = false;
	if (bytes[length - 1] == '\r')
		reader->after_return = true;
	else
		reader->line += bytes[length - 1] == '\n';
	return true;
}

static void take_raw(struct csv_reader *reader)
{
	struct raw *raw = &reader->raw;

	while (raw->at < raw->end) {
		const char *bytes = raw->bytes + raw->at;
		size_t length = line_length(bytes, raw->end - raw->at);

		if (!take_line(reader, bytes, length))
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
	struct raw *raw = &reader->raw;
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
	return count;
}

static void feed(struct csv_reader *reader, const char *bytes, size_t count)
{
	struct raw *raw = &reader->raw;

	while (count > 0) {
		size_t length = raw->lost ? 0 : keep(reader, bytes, count);

		if (length > 0) {
			take_raw(reader);
		} else {
			raw->lost = true;
			raw->begin = raw->at = raw->end = 0;
			length = line_length(bytes, count);
			(void)take_line(reader, bytes, length);
			raw->lost = reader->in_row;
		}
		bytes += length;
		count -= length;
	}
}

static void begin(struct csv_reader *reader)
{
	reader->delimiter = csv_delimiter(reader->head, reader->head_used);
	csv_set_delim(&reader->parser, (unsigned char)reader->delimiter);
	feed(reader, reader->head, reader->head_used);
}

/* Buffers the first line until it is complete. */
static void take(struct csv_reader *reader, const char *bytes, size_t count)
{
	while (reader->delimiter == 0 && count > 0) {
		bool ends = *bytes == '\n' || *bytes == '\r';

		if ((ends && !is_blank(reader->head, reader->head_used)) ||
		    reader->head_used == HEAD_BYTES) {
			begin(reader);
			break;
		}
		reader->head[reader->head_used++] = *bytes++;
		count--;
	}
	feed(reader, bytes, count);
}

void csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t count)
{
	while (reader->mark_bytes >= 0 && count > 0) {
		int seen = reader->mark_bytes;

		if (*bytes == BYTE_ORDER_MARK[seen]) {
			/* Some programs add a second byte order mark. */
			reader->mark_bytes = (seen + 1) % 3;
			reader->marks += seen == 2;
			bytes++;
			count--;
		} else {
			reader->mark_bytes = -1;
			take(reader, BYTE_ORDER_MARK, (size_t)seen);
		}
	}
	take(reader, bytes, count);
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
		take(reader, BYTE_ORDER_MARK, (size_t)reader->mark_bytes);
	reader->mark_bytes = -1;
	if (reader->delimiter == 0)
		begin(reader);
	for (;;) {
		/* Strict only about the closing quote at the end of the file. */
		(void)csv_set_opts(&reader->parser, CSV_STRICT | CSV_STRICT_FINI);
		if (csv_fini(&reader->parser, take_field, take_row, reader) == 0)
			return;
		(void)csv_set_opts(&reader->parser, 0);
		if (reader->value.field != reader->row.count || !may_reread(reader))
			break;
		reread(reader, CSV_QUOTE_OPEN);
		take_raw(reader);
	}
	problem(reader, CSV_QUOTE_OPEN);
	hand_over(reader);
}
