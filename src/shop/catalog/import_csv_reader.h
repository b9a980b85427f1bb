/*
 * import_csv_reader: the state of a CSV reader. Private to import_csv.c, which divides a file into
 * lines, and import_csv_line.c, which reads them.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_CSV_READER_H
#define SEBEZ_SHOP_CATALOG_IMPORT_CSV_READER_H

#include <csv.h>

#include "shop/catalog/import_csv.h"

enum {
	/* Bytes of a file that may be read twice: bounds the cost of a broken file. */
	CSV_REREAD_BYTES = 16 * 1024 * 1024,
	/* Of the first line, which determines the delimiter; our own header is half a kilobyte. */
	CSV_HEAD_BYTES = 64 * 1024,
};

/* The row's raw bytes, kept while they may have to be read again. */
struct csv_raw {
	char bytes[CSV_ROW_BYTES];
	size_t begin, at, end; /* start of the row; next byte to parse; end of the data */
	bool lost;             /* the row is too long to keep */
};

/* A quoted value that continues into the current line, and the state of the quotes in it. */
struct csv_open_value {
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
	struct csv_raw raw;
	struct csv_open_value value;
	size_t reread;
	int64_t line; /* of the next byte */
	char delimiter;
	char head[CSV_HEAD_BYTES]; /* until the delimiter is known */
	size_t head_used;
	int marks;
	int mark_bytes; /* bytes of a byte order mark seen so far; -1: past them */
	bool after_return;
	bool in_line, in_row;
};

static inline bool csv_raw_is_consistent(const struct csv_raw *raw)
{
	return raw->begin <= raw->at && raw->at <= raw->end && raw->end <= sizeof(raw->bytes);
}

/* Callbacks of libcsv, for a field and for the end of a row. */
void csv_on_field(void *text, size_t length, void *reader);
void csv_on_row_end(int end, void *reader);

/* Records the first problem of the row. */
void csv_fail(struct csv_reader *reader, enum csv_problem problem);
/* Passes the row on, and starts the next one. */
void csv_hand_over(struct csv_reader *reader);

bool csv_is_blank(const char *bytes, size_t count);
/* The number of bytes to the end of the line, including "\n", "\r\n" or "\r". */
size_t csv_line_length(const char *bytes, size_t count);

/* Reads bytes of at most one line. False when they must be read again. */
bool csv_read_line(struct csv_reader *reader, const char *bytes, size_t length);
/* Drops the line that opened the value, and continues reading with the line after it. */
void csv_reread(struct csv_reader *reader, enum csv_problem what);
bool csv_may_reread(const struct csv_reader *reader);

#endif
