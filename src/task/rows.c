#include "task/rows.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/binary.h"
#include "base/clock.h"
#include "store/pg_types.h"
#include "task/rows_internal.h"

_Noreturn void rows_bug(const struct rows *rows, int column, const char *what)
{
	const char *name = column >= 0 ? PQfname(rows->result, column) : NULL;
	fprintf(stderr, "statement %s, column %s: %s\n", rows->statement->name,
	        name == NULL ? "?" : name, what);
	abort();
}

static const char *value_of(const struct rows *rows, size_t row, int column)
{
	assert(rows->result != NULL); /* rows of a batch are read after db_run */
	assert(row < (size_t)PQntuples(rows->result));
	assert(column >= 0 && column < PQnfields(rows->result));
	return PQgetvalue(rows->result, (int)row, column);
}

size_t rows_count(const struct rows *rows)
{
	assert(rows->result != NULL);
	return (size_t)PQntuples(rows->result);
}

size_t rows_affected(const struct rows *rows)
{
	assert(rows->result != NULL);
	return (size_t)strtoull(PQcmdTuples(rows->result), NULL, 10);
}

bool rows_are_here(const struct rows *rows)
{
	return rows->result != NULL;
}

/* Not PQfnumber, which folds case and allocates. */
int rows_find(const struct rows *rows, const char *name)
{
	assert(rows->result != NULL);
	for (int i = 0; i < PQnfields(rows->result); i++)
		if (strcmp(PQfname(rows->result, i), name) == 0)
			return i;
	return -1;
}

int rows_column(const struct rows *rows, const char *name)
{
	int column = rows_find(rows, name);
	if (column >= 0)
		return column;
	fprintf(stderr, "statement %s has no column %s\n", rows->statement->name, name);
	abort();
}

bool rows_is_null(const struct rows *rows, size_t row, int column)
{
	(void)value_of(rows, row, column);
	return PQgetisnull(rows->result, (int)row, column);
}

/* The bytes of a value that must not be NULL. */
static const char *present(const struct rows *rows, size_t row, int column)
{
	const char *bytes = value_of(rows, row, column);
	if (PQgetisnull(rows->result, (int)row, column))
		rows_bug(rows, column, "is NULL where it must not be");
	return bytes;
}

int64_t rows_int(const struct rows *rows, size_t row, int column)
{
	const char *bytes = present(rows, row, column);
	switch (PQftype(rows->result, column)) {
	case PG_INT2_OID:
		return binary_int16(bytes);
	case PG_INT4_OID:
		return binary_int32(bytes);
	case PG_INT8_OID:
		return binary_int64(bytes);
	default:
		rows_bug(rows, column, "is not an integer");
	}
}

bool rows_bool(const struct rows *rows, size_t row, int column)
{
	const char *bytes = present(rows, row, column);
	if (PQftype(rows->result, column) != PG_BOOL_OID)
		rows_bug(rows, column, "is not a bool");
	return bytes[0] != 0;
}

struct uuid rows_uuid(const struct rows *rows, size_t row, int column)
{
	struct uuid id;
	const char *bytes = present(rows, row, column);
	if (PQftype(rows->result, column) != PG_UUID_OID)
		rows_bug(rows, column, "is not a uuid");
	memcpy(id.bytes, bytes, sizeof(id.bytes));
	return id;
}

int64_t rows_time(const struct rows *rows, size_t row, int column)
{
	const char *bytes = present(rows, row, column);
	if (PQftype(rows->result, column) != PG_TIMESTAMPTZ_OID)
		rows_bug(rows, column, "is not a timestamptz");
	int64_t time = binary_int64(bytes);
	if (time == TIME_INFINITY || time == TIME_MINUS_INFINITY)
		return time;
	return time + PG_EPOCH_US;
}

int64_t rows_key(const struct rows *rows, size_t row, int column)
{
	assert(rows->result != NULL);
	if (PQftype(rows->result, column) == PG_TIMESTAMPTZ_OID)
		return rows_time(rows, row, column);
	return rows_int(rows, row, column);
}

double rows_double(const struct rows *rows, size_t row, int column)
{
	const char *bytes = present(rows, row, column);
	Oid type = PQftype(rows->result, column);
	if (type == PG_FLOAT4_OID) {
		int32_t bits = binary_int32(bytes);
		float value;
		memcpy(&value, &bits, sizeof(value));
		return (double)value;
	}
	if (type != PG_FLOAT8_OID)
		rows_bug(rows, column, "is not a floating point number");
	int64_t bits = binary_int64(bytes);
	double value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

const char *rows_text(const struct rows *rows, size_t row, int column)
{
	const char *bytes = value_of(rows, row, column);
	if (PQgetisnull(rows->result, (int)row, column))
		return NULL;
	Oid type = PQftype(rows->result, column);
	switch (type) {
	case PG_TEXT_OID:
	case PG_VARCHAR_OID:
	case PG_BPCHAR_OID:
	case PG_NAME_OID:
	case PG_CHAR_OID:
	case PG_UNKNOWN_OID:
	case PG_JSON_OID:
		return bytes;
	case PG_JSONB_OID:
		return bytes + 1; /* after the format's version */
	default:
		if (type >= PG_FIRST_OWN_OID)
			return bytes;
		rows_bug(rows, column, "is not a text");
	}
}

const char *rows_bytes(const struct rows *rows, size_t row, int column, size_t *ret_length)
{
	const char *bytes = value_of(rows, row, column);
	if (PQftype(rows->result, column) != PG_BYTEA_OID)
		rows_bug(rows, column, "is not a bytea");
	if (PQgetisnull(rows->result, (int)row, column)) {
		*ret_length = 0;
		return NULL;
	}
	*ret_length = (size_t)PQgetlength(rows->result, (int)row, column);
	return bytes;
}
