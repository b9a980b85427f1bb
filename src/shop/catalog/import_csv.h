/*
 * import_csv: reads CSV (RFC 4180, with the world's liberties: any line ends, byte order marks,
 * semicolons or tabs for commas, blanks around unquoted values) as it comes in, piece by piece, in
 * bounded memory.
 *
 * The pieces may be cut anywhere. Each finished row is handed to `row`, which may suspend or end
 * its task. A field or row that is too long does not stop the file: its row comes with a problem
 * and without its values. Nor does a quote that is missing take the rows behind it along: a quoted
 * value that runs on into other lines and then goes wrong costs the line that it was opened in, and
 * the next line is read as a row again. Empty lines are no rows.
 *
 * The reader and its rows live in the arena that it was made in; a row's bytes stay until the next.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_CSV_H
#define SEBEZ_SHOP_CATALOG_IMPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	/* A description of 65,535 characters is at most 256 KB of UTF-8; real ones are below 64. */
	CSV_FIELD_BYTES = 256 * 1024,
	CSV_ROW_BYTES = 512 * 1024,
	/* Shopify's own export has 50, metafields add to them. */
	CSV_COLUMNS = 512,
};

enum csv_problem {
	CSV_FINE,
	CSV_FIELD_TOO_LONG,
	CSV_ROW_TOO_LONG,
	CSV_TOO_MANY_FIELDS,
	CSV_QUOTE_OPEN,  /* the file ends within a quoted field */
	CSV_QUOTE_STRAY, /* a quote in one is neither its end nor doubled */
};

struct csv_field {
	char *text; /* ends in 0, and may have others within; the receiver may write in it */
	size_t length;
};

struct csv_row {
	int64_t line; /* of its first byte, from 1; with a problem of quotes, of the field's */
	size_t count;
	struct csv_field *fields;
	enum csv_problem problem;
	size_t problem_field; /* the first that is wrong */
};

struct csv_reader;
typedef void csv_row_fn(void *arg, const struct csv_row *row);

struct csv_reader *csv_reader_new(struct arena *arena, csv_row_fn *row, void *arg);
void csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t count);
/* What parts the values: ',', ';' or a tab, as the first line has it; 0: nobody knows yet. */
char csv_reader_delimiter(const struct csv_reader *reader);
int csv_reader_marks(const struct csv_reader *reader); /* byte order marks that it began with */
void csv_reader_end(struct csv_reader *reader);        /* the last row may lack its line end */

/* Which of the characters that part values the first line that is not empty has most of, outside of
 * quotes. */
char csv_delimiter(const char *text, size_t length);

/* A field as a CSV value, quoted when it needs to be. */
struct buf;
void csv_add(struct buf *buf, const char *text);

/* Whether a spreadsheet would take it for a formula, or would without the apostrophes that it
 * begins with. csv_add puts one before it, so that it is text, and the reader takes that off again.
 */
bool csv_is_formula(const char *text);

#endif
