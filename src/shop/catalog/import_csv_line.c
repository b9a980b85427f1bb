/*
 * import_csv_line: reads a line of a CSV: its fields, and quotes that are not closed.
 */
#include <assert.h>
#include <string.h>

#include "shop/catalog/import_csv_reader.h"

void csv_fail(struct csv_reader *reader, enum csv_problem problem)
{
	assert(problem != CSV_FINE);
	if (reader->row.problem != CSV_FINE)
		return;
	reader->row.problem = problem;
	reader->row.problem_field = reader->row.count;
}

void csv_on_field(void *text, size_t length, void *arg)
{
	struct csv_reader *reader = arg;
	struct csv_row *row = &reader->row;

	if (row->count == CSV_COLUMNS)
		csv_fail(reader, CSV_TOO_MANY_FIELDS);
	else if (length >= sizeof(reader->bytes) - reader->used)
		csv_fail(reader, CSV_ROW_TOO_LONG);
	if (row->problem == CSV_FINE) {
		char *copy = reader->bytes + reader->used;

		assert(row->count < CSV_COLUMNS && reader->used + length < sizeof(reader->bytes));
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

void csv_hand_over(struct csv_reader *reader)
{
	if (reader->row.problem != CSV_FINE)
		reader->row.count = 0;
	assert(reader->row.count <= CSV_COLUMNS);
	reader->on_row(reader->arg, &reader->row);
	reader->row = (struct csv_row){.line = reader->line + 1, .fields = reader->fields};
	reader->used = 0;
	reader->in_row = false;
}

void csv_on_row_end(int end, void *arg)
{
	csv_hand_over(arg);
}

/* Parses bytes of at most one line. */
static void parse(struct csv_reader *reader, const char *bytes, size_t count)
{
	struct csv_parser *parser = &reader->parser;

	while (count > 0) {
		size_t done = csv_parse(parser, bytes, count, csv_on_field, csv_on_row_end, reader);

		bytes += done;
		count -= done;
		if (count == 0)
			break;
		/* The field is full. Drop its content except for one byte, because libcsv may
		 * remove a closing quote from it; the rest of the field is read and dropped in the
		 * same way. */
		assert(parser->entry_size == CSV_FIELD_BYTES); /* else out of memory */
		csv_fail(reader, CSV_FIELD_TOO_LONG);
		parser->entry_pos = 1;
		parser->spaces = 0;
	}
}

bool csv_is_blank(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strchr(" \t\r\n", bytes[i]) == NULL || bytes[i] == 0)
			return false;
	}
	return true;
}

size_t csv_line_length(const char *bytes, size_t count)
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
	struct csv_open_value *value = &reader->value;

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
static bool meets_stray_quote(struct csv_open_value *value, char delimiter, const char *bytes,
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

bool csv_may_reread(const struct csv_reader *reader)
{
	return reader->value.open && !reader->raw.lost &&
	       reader->reread + reader->raw.end - reader->value.after <= CSV_REREAD_BYTES;
}

void csv_reread(struct csv_reader *reader, enum csv_problem what)
{
	struct csv_open_value *value = &reader->value;
	struct csv_raw *raw = &reader->raw;

	assert(csv_raw_is_consistent(raw) && value->after <= raw->end);
	assert(value->field <= CSV_COLUMNS && value->line > 1);
	reader->row.count = value->field;
	reader->row.line = value->line - 1;
	csv_fail(reader, what);
	csv_hand_over(reader);
	(void)csv_fini(&reader->parser, NULL, NULL, NULL); /* resets the parser */
	reader->reread += raw->end - value->after;
	raw->begin = raw->at = value->after;
	reader->line = value->line;
	reader->after_return = reader->in_line = false;
	*value = (struct csv_open_value){.open = false};
}

bool csv_read_line(struct csv_reader *reader, const char *bytes, size_t length)
{
	/* "\r" ended the last piece; "\n" completes the same line end. */
	bool is_end = reader->after_return && bytes[0] == '\n';

	assert(length > 0 && reader->line > 0);
	reader->line += reader->after_return && !is_end;
	reader->after_return = false;
	if (!reader->in_line && !is_end)
		begin_line(reader);
	if (!reader->in_row)
		reader->row.line = reader->line;
	/* Before parsing: the end of a row resets it. */
	if (!csv_is_blank(bytes, length))
		reader->in_row = true;
	if (meets_stray_quote(&reader->value, reader->delimiter, bytes, length)) {
		if (csv_may_reread(reader)) {
			csv_reread(reader, CSV_QUOTE_STRAY);
			return false;
		}
		csv_fail(reader, CSV_QUOTE_STRAY);
	}
	parse(reader, bytes, length);
	if (reader->row.problem == CSV_FIELD_TOO_LONG && reader->parser.quoted &&
	    reader->value.field == reader->row.count && csv_may_reread(reader)) {
		csv_reread(reader, CSV_FIELD_TOO_LONG);
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
