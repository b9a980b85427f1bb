/*
 * readers: turns rows into an array of C structs by a table of fields, for generated code. Columns
 * are found by name; a missing column, another type, or a NULL in a column that was not declared
 * with '?' is a bug (`sebez check` finds the first two).
 */
#ifndef SEBEZ_TASK_READERS_H
#define SEBEZ_TASK_READERS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "task/rows.h"

/* In C: struct uuid, const char *, int32_t, int64_t, bool, int64_t µs, double, const char *,
 * struct bytes; nullable ones are const pointers into the arena. */
enum rows_type {
	ROWS_UUID,
	ROWS_TEXT,
	ROWS_INT,
	ROWS_BIGINT,
	ROWS_BOOL,
	ROWS_TIME,
	ROWS_DOUBLE,
	ROWS_JSON,
	ROWS_BYTEA,
	ROWS_TYPE_COUNT,
};

struct rows_field {
	const char *name; /* of the column */
	enum rows_type type;
	bool nullable;
	size_t offset; /* in the row's struct */
};

bool rows_type_fits(enum rows_type type, Oid oid);

/* rows_count(rows) structs of row_size bytes, NULL when there is no row. ret_count may be NULL. */
void *rows_read(struct arena *arena, const struct rows *rows, size_t field_count,
                const struct rows_field fields[], size_t row_size, size_t *ret_count);

#endif
