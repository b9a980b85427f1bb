/*
 * import_csv: an incremental CSV reader (RFC 4180, but lenient: any line ends, byte order marks,
 * semicolons or tabs for commas, blanks around unquoted values) in bounded memory.
 *
 * The pieces may be cut anywhere. Each complete row is passed to `row`, which may suspend or end
 * its task. An overlong field or row does not stop the file: its row comes with a problem and
 * without values. A missing quote does not lose the rows after it: when a quoted value continues
 * over several lines and then breaks, only the line that opened it is lost, and the next line is
 * read as a row again. Empty lines are not rows.
 *
 * The reader and its rows live in the reader's arena; a row's bytes are valid until the next row.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_CSV_H
#define SEBEZ_SHOP_CATALOG_IMPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	/* A description of 65,535 characters is at most 256 KB of UTF-8; real ones are below 64
	 * KB. */
	CSV_FIELD_BYTES = 256 * 1024,
	CSV_ROW_BYTES = 512 * 1024,
	/* Shopify's own export has 50 columns; metafields add more. */
	CSV_COLUMNS = 512,
};

enum csv_problem {
	CSV_FINE,
	CSV_FIELD_TOO_LONG,
	CSV_ROW_TOO_LONG,
	CSV_TOO_MANY_FIELDS,
	CSV_QUOTE_OPEN,  /* the file ends within a quoted field */
	CSV_QUOTE_STRAY, /* a quote within a field that neither ends it nor is doubled */
};

struct csv_field {
	char *text; /* NUL-terminated, may contain NULs; the receiver may modify it */
	size_t length;
};

struct csv_row {
	int64_t line; /* of its first byte, from 1; with a quote problem, of the field's */
	size_t count;
	struct csv_field *fields;
	enum csv_problem problem;
	size_t problem_field; /* the first invalid field */
};

struct csv_reader;
typedef void csv_row_fn(void *arg, const struct csv_row *row);

struct csv_reader *csv_reader_new(struct arena *arena, csv_row_fn *row, void *arg);
void csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t count);
/* The delimiter: ',', ';' or a tab, as found in the first line; 0: not known yet. */
char csv_reader_delimiter(const struct csv_reader *reader);
int csv_reader_marks(const struct csv_reader *reader); /* byte order marks at its beginning */
void csv_reader_end(struct csv_reader *reader);        /* the last row may lack its line end */

/* The delimiter that is most frequent in the first line that is not empty, outside of quotes. */
char csv_delimiter(const char *text, size_t length);

/* Appends a field as a CSV value, quoted when needed. */
struct buf;
void csv_add(struct buf *buf, const char *text);

/* Whether a spreadsheet would read the text as a formula, with or without its leading apostrophes.
 * csv_add prefixes an apostrophe to make it text, and the reader removes it.
 */
bool csv_is_formula(const char *text);

#endif
