/*
 * rows: the result of a statement, in PostgreSQL's binary format, with getters and conversion to
 * JSON.
 *
 * Rows live in the task's arena with their PGresult. Rows of a batch are empty until db_run.
 * Getters assert the column's type: a mismatch is a bug, and `sebez check` finds it before a
 * request does.
 *
 * Conversion to JSON: a column's name is its key; "vendor.name" nests; an object whose first column
 * is NULL becomes null; json and jsonb are copied, by the function that is registered for it; names
 * that begin with '_' are omitted (cursor keys and the like).
 */
#ifndef SEBEZ_TASK_ROWS_H
#define SEBEZ_TASK_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/uuid.h"

struct rows;

size_t rows_count(const struct rows *rows);
size_t rows_affected(const struct rows *rows); /* of an insert, update or delete */
bool rows_are_here(const struct rows *rows);   /* false: rows of a batch before db_run */
int rows_column(const struct rows *rows, const char *name); /* asserts that it exists */
int rows_find(const struct rows *rows, const char *name);   /* -1 when there is no such column */

bool rows_is_null(const struct rows *rows, size_t row, int column);
int64_t rows_int(const struct rows *rows, size_t row, int column); /* int2, int4, int8 */
bool rows_bool(const struct rows *rows, size_t row, int column);
struct uuid rows_uuid(const struct rows *rows, size_t row, int column);
int64_t rows_time(const struct rows *rows, size_t row, int column); /* timestamptz, µs */
int64_t rows_key(const struct rows *rows, size_t row, int column);  /* rows_int or rows_time */
double rows_double(const struct rows *rows, size_t row, int column);
const char *rows_text(const struct rows *rows, size_t row,
                      int column); /* NULL for NULL; text, json, jsonb */
const char *rows_bytes(const struct rows *rows, size_t row, int column, size_t *ret_length);

void rows_json_members(const struct rows *rows, size_t row,
                       struct json *json); /* without the braces */
void rows_json_object(const struct rows *rows, size_t row, struct json *json);
/* All rows, or the first `count`, as an array of objects. */
void rows_json_array(const struct rows *rows, size_t count, struct json *json);

/* Once at process start: writes what is in json and jsonb columns. Without it they are unchanged.
 */
typedef void rows_json_fn(struct json *json, const char *text, size_t length);
void rows_register_json(rows_json_fn *write);

/* Writes the values of a json column of these rows, which are here, in another way; `text` is one
 * of them. For at most ROWS_REWRITTEN_MAX columns. */
enum { ROWS_REWRITTEN_MAX = 2 };
typedef void rows_rewrite_fn(void *arg, struct json *json, const char *text, size_t length);
void rows_rewrite(struct rows *rows, const char *column, rows_rewrite_fn *write, void *arg);

#endif
