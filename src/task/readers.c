#include "task/readers.h"

#include <assert.h>
#include <string.h>

#include "store/pg_types.h"
#include "task/params.h"
#include "task/rows_internal.h"

static bool is_text(Oid oid)
{
	return oid == PG_TEXT_OID || oid == PG_VARCHAR_OID || oid == PG_BPCHAR_OID ||
	       oid == PG_NAME_OID || oid == PG_CHAR_OID || oid == PG_UNKNOWN_OID ||
	       oid >= PG_FIRST_OWN_OID;
}

bool rows_type_fits(enum rows_type type, Oid oid)
{
	switch (type) {
	case ROWS_UUID:
		return oid == PG_UUID_OID;
	case ROWS_TEXT:
		return is_text(oid);
	case ROWS_INT:
		return oid == PG_INT4_OID || oid == PG_INT2_OID;
	case ROWS_BIGINT:
		return oid == PG_INT8_OID || oid == PG_INT4_OID || oid == PG_INT2_OID;
	case ROWS_BOOL:
		return oid == PG_BOOL_OID;
	case ROWS_TIME:
		return oid == PG_TIMESTAMPTZ_OID;
	case ROWS_DOUBLE:
		return oid == PG_FLOAT8_OID || oid == PG_FLOAT4_OID;
	case ROWS_JSON:
		return oid == PG_JSON_OID || oid == PG_JSONB_OID;
	case ROWS_BYTEA:
		return oid == PG_BYTEA_OID;
	case ROWS_TYPE_COUNT:
		break;
	}
	return false;
}

/* A value of any type, to be copied into a row's struct. */
union value {
	struct uuid uuid;
	const char *text;
	int32_t int4;
	int64_t int8;
	bool truth;
	double real;
	struct bytes bytes;
};

static size_t read_value(const struct rows *rows, size_t row, int column, enum rows_type type,
                         union value *ret)
{
	switch (type) {
	case ROWS_UUID:
		ret->uuid = rows_uuid(rows, row, column);
		return sizeof(ret->uuid);
	case ROWS_TEXT:
	case ROWS_JSON:
		ret->text = rows_text(rows, row, column);
		return sizeof(ret->text);
	case ROWS_INT:
		ret->int4 = (int32_t)rows_int(rows, row, column);
		return sizeof(ret->int4);
	case ROWS_BIGINT:
		ret->int8 = rows_int(rows, row, column);
		return sizeof(ret->int8);
	case ROWS_BOOL:
		ret->truth = rows_bool(rows, row, column);
		return sizeof(ret->truth);
	case ROWS_TIME:
		ret->int8 = rows_time(rows, row, column);
		return sizeof(ret->int8);
	case ROWS_DOUBLE:
		ret->real = rows_double(rows, row, column);
		return sizeof(ret->real);
	case ROWS_BYTEA:
		ret->bytes.data = rows_bytes(rows, row, column, &ret->bytes.length);
		return sizeof(ret->bytes);
	case ROWS_TYPE_COUNT:
		break;
	}
	assert(false);
	return 0;
}

static void read_field(struct arena *arena, const struct rows *rows, size_t row, int column,
                       const struct rows_field *field, char *ret)
{
	union value value = {0};
	bool is_pointer = field->type == ROWS_TEXT || field->type == ROWS_JSON;

	if (rows_is_null(rows, row, column)) {
		if (!field->nullable)
			rows_bug(rows, column, "is NULL, but declared without '?'");
		return; /* the struct is zeroed: a NULL pointer */
	}
	size_t size = read_value(rows, row, column, field->type, &value);
	assert(size <= sizeof(value));
	if (field->nullable && !is_pointer) {
		void *kept = arena_alloc(arena, size);
		memcpy(kept, &value, size);
		memcpy(ret, &kept, sizeof(kept));
	} else {
		memcpy(ret, &value, size);
	}
}

void *rows_read(struct arena *arena, const struct rows *rows, size_t field_count,
                const struct rows_field fields[], size_t row_size, size_t *ret_count)
{
	size_t count = rows_count(rows);
	if (ret_count != NULL)
		*ret_count = count;
	if (count == 0)
		return NULL;
	assert(field_count > 0 && row_size > 0);
	char *read = arena_array(arena, count, row_size);
	for (size_t f = 0; f < field_count; f++) {
		int column = rows_column(rows, fields[f].name);
		if (!rows_type_fits(fields[f].type, PQftype(rows->result, column)))
			rows_bug(rows, column, "has another type than its declaration");
		for (size_t row = 0; row < count; row++)
			read_field(arena, rows, row, column, &fields[f],
			           read + row * row_size + fields[f].offset);
	}
	return read;
}
