/*
 * Conversion of rows to JSON. The steps for each column (close objects, open objects, write a
 * value) depend only on the columns' names and types, so they are computed once per statement and
 * cached as its shape.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/pg_types.h"
#include "task/rows_internal.h"

struct shape_column {
	Oid type;
	rows_write_fn *write;
	int depth;       /* number of the previous column's objects that stay open */
	int open_count;  /* number of objects that begin at this column */
	char **open;     /* their keys */
	const char *key; /* NULL: not written */
	int after;       /* the first column after the first object that begins here */
	char *name;      /* owns the text that keys point into */
};

struct shape {
	int count;
	struct shape_column columns[];
};

/* By statement number; grows as statements are first used. Lives as long as the process. */
static struct shape **shapes;
static size_t shapes_size;

enum { PATH_MAX_PARTS = JSON_DEPTH_MAX / 2 };

struct path {
	int count;
	char *parts[PATH_MAX_PARTS];
};

/* Splits "a.b.c" in place. */
static struct path path_split(const struct rows *rows, int column, char *name)
{
	struct path path = {0};
	char *rest = name;
	while (rest != NULL) {
		if (path.count == PATH_MAX_PARTS)
			rows_bug(rows, column, "nests too deep");
		path.parts[path.count++] = strsep(&rest, ".");
	}
	return path;
}

static int path_common(const struct path *a, const struct path *b)
{
	int common = 0;
	while (common < a->count - 1 && common < b->count - 1 &&
	       strcmp(a->parts[common], b->parts[common]) == 0)
		common++;
	return common;
}

static void shape_column_init(const struct rows *rows, int index, const struct path paths[],
                              struct shape_column *column)
{
	static const struct path TOP = {.count = 1};
	const struct path *path = &paths[index];
	const char *key = path->parts[path->count - 1];

	column->type = PQftype(rows->result, index);
	column->write = rows_writer(column->type);
	column->depth = path_common(index == 0 ? &TOP : &paths[index - 1], path);
	column->after = index + 1;
	if (path->parts[0][0] == '_') {
		column->depth = 0;
		return;
	}
	column->key = key[0] == '_' ? NULL : key;
	if (column->key != NULL && column->write == NULL)
		rows_bug(rows, index, "has a type that cannot become JSON; cast it");
	column->open_count = path->count - 1 - column->depth;
	if (column->open_count == 0)
		return;
	column->open = calloc((size_t)column->open_count, sizeof(*column->open));
	assert(column->open != NULL);
	for (int i = 0; i < column->open_count; i++)
		column->open[i] = path->parts[column->depth + i];
	while (column->after < PQnfields(rows->result) &&
	       path_common(path, &paths[column->after]) > column->depth)
		column->after++;
	/* An object that begins twice would write its key twice. */
	for (int i = 0; i < index; i++)
		if (path_common(&paths[i], path) > column->depth)
			rows_bug(rows, index, "belongs beside the other columns of its object");
}

static struct shape *shape_make(const struct rows *rows)
{
	int count = PQnfields(rows->result);
	struct shape *shape = calloc(1, sizeof(*shape) + (size_t)count * sizeof(shape->columns[0]));
	struct path *paths = calloc((size_t)count + 1, sizeof(*paths));
	assert(shape != NULL && paths != NULL);
	shape->count = count;
	for (int i = 0; i < count; i++) {
		shape->columns[i].name = strdup(PQfname(rows->result, i));
		assert(shape->columns[i].name != NULL);
		paths[i] = path_split(rows, i, shape->columns[i].name);
	}
	for (int i = 0; i < count; i++)
		shape_column_init(rows, i, paths, &shape->columns[i]);
	free(paths);
	return shape;
}

static void shape_free(struct shape *shape)
{
	if (shape == NULL)
		return;
	for (int i = 0; i < shape->count; i++) {
		free(shape->columns[i].open);
		free(shape->columns[i].name);
	}
	free(shape);
}

/* A migration may change a column's type; then the shape is computed again. */
static bool shape_fits(const struct shape *shape, const PGresult *result)
{
	if (shape == NULL || shape->count != PQnfields(result))
		return false;
	for (int i = 0; i < shape->count; i++)
		if (shape->columns[i].type != PQftype(result, i))
			return false;
	return true;
}

static const struct shape *shape_of(const struct rows *rows)
{
	size_t number = rows->statement->number;
	assert(rows->result != NULL); /* rows of a batch are written after db_run */
	if (number >= shapes_size) {
		size_t size = number + 64;
		shapes = realloc(shapes, size * sizeof(struct shape *));
		assert(shapes != NULL);
		memset(shapes + shapes_size, 0, (size - shapes_size) * sizeof(struct shape *));
		shapes_size = size;
	}
	if (!shape_fits(shapes[number], rows->result)) {
		shape_free(shapes[number]);
		shapes[number] = shape_make(rows);
	}
	return shapes[number];
}

void rows_shapes_free(void)
{
	for (size_t i = 0; i < shapes_size; i++)
		shape_free(shapes[i]);
	free(shapes);
	shapes = NULL;
	shapes_size = 0;
}

void rows_rewrite(struct rows *rows, const char *column, rows_rewrite_fn *write, void *arg)
{
	int i = rows->rewritten_count++;

	assert(i < ROWS_REWRITTEN_MAX);
	rows->rewritten[i].column = rows_column(rows, column);
	rows->rewritten[i].write = write;
	rows->rewritten[i].arg = arg;
	assert(PQftype(rows->result, rows->rewritten[i].column) == PG_JSON_OID);
}

static void write_value(const struct rows *rows, const struct shape_column *shape, int row,
                        int column, struct json *json)
{
	const char *bytes = PQgetvalue(rows->result, row, column);
	int length = PQgetlength(rows->result, row, column);

	for (int i = 0; i < rows->rewritten_count; i++)
		if (rows->rewritten[i].column == column) {
			rows->rewritten[i].write(rows->rewritten[i].arg, json, bytes,
			                         (size_t)length);
			return;
		}
	shape->write(json, bytes, length);
}

static void write_members(const struct rows *rows, const struct shape *shape, int row,
                          struct json *json)
{
	const PGresult *result = rows->result;
	int depth = 0;
	int i = 0;
	while (i < shape->count) {
		const struct shape_column *column = &shape->columns[i];
		bool is_null = PQgetisnull(result, row, i);
		for (; depth > column->depth; depth--)
			json_close_object(json);
		if (column->open_count > 0 && is_null) {
			json_key(json, column->open[0]);
			json_nil(json);
			i = column->after;
			continue;
		}
		for (int o = 0; o < column->open_count; o++, depth++) {
			json_key(json, column->open[o]);
			json_open_object(json);
		}
		if (column->key != NULL) {
			json_key(json, column->key);
			if (is_null)
				json_nil(json);
			else
				write_value(rows, column, row, i, json);
		}
		i++;
	}
	for (; depth > 0; depth--)
		json_close_object(json);
}

void rows_json_members(const struct rows *rows, size_t row, struct json *json)
{
	const struct shape *shape = shape_of(rows);
	assert(row < rows_count(rows));
	write_members(rows, shape, (int)row, json);
}

void rows_json_object(const struct rows *rows, size_t row, struct json *json)
{
	json_open_object(json);
	rows_json_members(rows, row, json);
	json_close_object(json);
}

void rows_json_array(const struct rows *rows, size_t count, struct json *json)
{
	const struct shape *shape = shape_of(rows);
	size_t there = rows_count(rows);
	if (count > there)
		count = there;
	json_open_array(json);
	for (size_t row = 0; row < count; row++) {
		json_open_object(json);
		write_members(rows, shape, (int)row, json);
		json_close_object(json);
	}
	json_close_array(json);
}
