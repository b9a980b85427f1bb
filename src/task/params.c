#include "task/params.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/binary.h"
#include "base/clock.h"
#include "store/pg_types.h"

static const struct pg_param SQL_NULL;

/* Size of a value in PostgreSQL's binary format; 0 when that depends on the value. */
static const size_t WIDTHS[ROWS_TYPE_COUNT] = {
    [ROWS_UUID] = sizeof(struct uuid),
    [ROWS_INT] = 4,
    [ROWS_BIGINT] = 8,
    [ROWS_TIME] = 8,
    [ROWS_BOOL] = 1,
    [ROWS_DOUBLE] = 8,
};

static size_t value_size(enum rows_type type, const void *value)
{
	if (type == ROWS_TEXT)
		return strlen(value);
	if (type == ROWS_JSON)
		return strlen(value) + 1;
	if (type == ROWS_BYTEA)
		return ((const struct bytes *)value)->length;
	assert(type < ROWS_TYPE_COUNT);
	return WIDTHS[type];
}

/* PostgreSQL's epoch is 2000. The infinities are the same extreme values on both sides; earlier
 * times saturate to the lowest. */
static int64_t time_of(int64_t time)
{
	if (time != TIME_INFINITY && __builtin_sub_overflow(time, PG_EPOCH_US, &time))
		return TIME_MINUS_INFINITY;
	return time;
}

static inline void value_write(enum rows_type type, const void *value, size_t size, char *at)
{
	int64_t bits;

	switch (type) {
	case ROWS_INT:
		binary_put_int32(at, *(const int32_t *)value);
		return;
	case ROWS_BIGINT:
		binary_put_int64(at, *(const int64_t *)value);
		return;
	case ROWS_TIME:
		binary_put_int64(at, time_of(*(const int64_t *)value));
		return;
	case ROWS_DOUBLE:
		memcpy(&bits, value, sizeof(bits));
		binary_put_int64(at, bits);
		return;
	case ROWS_BOOL:
		*at = *(const bool *)value ? 1 : 0;
		return;
	case ROWS_JSON:
		*at = 1; /* the version of jsonb's binary format */
		memcpy(at + 1, value, size - 1);
		return;
	case ROWS_UUID:
		memcpy(at, value, sizeof(struct uuid));
		return;
	case ROWS_BYTEA:
		value = ((const struct bytes *)value)->data;
		break;
	case ROWS_TEXT:
	case ROWS_TYPE_COUNT:
		break;
	}
	if (size > 0)
		memcpy(at, value, size);
}

static struct pg_param encoded(struct arena *arena, enum rows_type type, const void *value)
{
	if (value == NULL)
		return SQL_NULL;
	size_t size = value_size(type, value);
	char *bytes = arena_alloc(arena, size);
	value_write(type, value, size, bytes);
	return (struct pg_param){bytes, (int)size};
}

struct pg_param param_uuid(struct arena *arena, const struct uuid *value)
{
	return encoded(arena, ROWS_UUID, value);
}

struct pg_param param_text(struct arena *arena, const char *value)
{
	(void)arena;
	return value == NULL ? SQL_NULL : (struct pg_param){value, (int)strlen(value)};
}

struct pg_param param_int(struct arena *arena, const int32_t *value)
{
	return encoded(arena, ROWS_INT, value);
}

struct pg_param param_bigint(struct arena *arena, const int64_t *value)
{
	return encoded(arena, ROWS_BIGINT, value);
}

struct pg_param param_bool(struct arena *arena, const bool *value)
{
	return encoded(arena, ROWS_BOOL, value);
}

struct pg_param param_time(struct arena *arena, const int64_t *value)
{
	return encoded(arena, ROWS_TIME, value);
}

struct pg_param param_double(struct arena *arena, const double *value)
{
	return encoded(arena, ROWS_DOUBLE, value);
}

struct pg_param param_json(struct arena *arena, const char *value)
{
	return encoded(arena, ROWS_JSON, value);
}

struct pg_param param_bytea(struct arena *arena, const struct bytes *value)
{
	(void)arena;
	if (value == NULL)
		return SQL_NULL;
	return (struct pg_param){value->length == 0 ? "" : value->data, (int)value->length};
}

static const int32_t ELEMENTS[ROWS_TYPE_COUNT] = {
    [ROWS_UUID] = PG_UUID_OID,     [ROWS_TEXT] = PG_TEXT_OID,  [ROWS_INT] = PG_INT4_OID,
    [ROWS_BIGINT] = PG_INT8_OID,   [ROWS_BOOL] = PG_BOOL_OID,  [ROWS_TIME] = PG_TIMESTAMPTZ_OID,
    [ROWS_DOUBLE] = PG_FLOAT8_OID, [ROWS_JSON] = PG_JSONB_OID, [ROWS_BYTEA] = PG_BYTEA_OID,
};

/* One field of each struct of an array, as array elements. */
struct elements {
	size_t count;
	const char *members; /* the field of the first struct */
	size_t step;
	enum rows_type type;
	bool nullable, by_pointer; /* the field points to the value */
};

static struct elements elements_of(size_t count, const void *items, size_t size,
                                   const struct rows_field *field)
{
	return (struct elements){
	    .count = count,
	    .members = count > 0 ? (const char *)items + field->offset : NULL,
	    .step = size,
	    .type = field->type,
	    .nullable = field->nullable,
	    .by_pointer = field->nullable || field->type == ROWS_TEXT || field->type == ROWS_JSON,
	};
}

static inline const void *element(const struct elements *elements, size_t i)
{
	const void *value = elements->members + i * elements->step;

	if (elements->by_pointer) {
		memcpy(&value, value, sizeof(value));
		assert(value != NULL || elements->nullable);
	}
	return value;
}

/* Bytes of all elements with their lengths. */
static size_t elements_size(const struct elements *elements, bool *ret_has_null)
{
	size_t size = elements->count * (4 + WIDTHS[elements->type]);

	*ret_has_null = false;
	if (!elements->by_pointer && WIDTHS[elements->type] > 0)
		return size;
	size = elements->count * 4;
	for (size_t i = 0; i < elements->count; i++) {
		const void *value = element(elements, i);
		if (value != NULL)
			size += value_size(elements->type, value);
		else
			*ret_has_null = true;
	}
	return size;
}

/*
 * An array's binary format: dimensions, whether it has NULLs, the elements' type, then for the one
 * dimension its length and lower bound, then each element's length (-1 is NULL) and bytes.
 * An empty array has no dimension.
 */
static char *array_open(struct arena *arena, const struct elements *elements, size_t size,
                        bool has_null, struct pg_param *ret)
{
	size_t count = elements->count;
	size_t whole = count == 0 ? 12 : 20 + size;

	assert(whole <= INT_MAX);
	char *at = arena_alloc(arena, whole);
	*ret = (struct pg_param){at, (int)whole};
	at = binary_put_int32(at, count == 0 ? 0 : 1);
	at = binary_put_int32(at, has_null);
	at = binary_put_int32(at, ELEMENTS[elements->type]);
	if (count == 0)
		return at;
	at = binary_put_int32(at, (int32_t)count);
	return binary_put_int32(at, 1);
}

static struct pg_param array(struct arena *arena, const struct elements *elements)
{
	const enum rows_type type = elements->type;
	const size_t width = WIDTHS[type];
	bool has_null;
	size_t size = elements_size(elements, &has_null);
	struct pg_param param;
	char *at = array_open(arena, elements, size, has_null, &param);

	for (size_t i = 0; i < elements->count; i++) {
		const void *value = element(elements, i);
		if (value == NULL) {
			at = binary_put_int32(at, -1);
			continue;
		}
		size = width > 0 ? width : value_size(type, value);
		at = binary_put_int32(at, (int32_t)size);
		value_write(type, value, size, at);
		at += size;
	}
	return param;
}

static struct pg_param plain_array(struct arena *arena, enum rows_type type, size_t count,
                                   const void *items, size_t size)
{
	const struct rows_field field = {.type = type, .nullable = type == ROWS_TEXT};
	const struct elements elements = elements_of(count, items, size, &field);

	return array(arena, &elements);
}

struct pg_param param_uuid_array(struct arena *arena, const struct uuid_array *value)
{
	return value == NULL ? SQL_NULL
	                     : plain_array(arena, ROWS_UUID, value->count, value->items,
	                                   sizeof(value->items[0]));
}

struct pg_param param_text_array(struct arena *arena, const struct text_array *value)
{
	return value == NULL ? SQL_NULL
	                     : plain_array(arena, ROWS_TEXT, value->count, value->items,
	                                   sizeof(value->items[0]));
}

struct pg_param param_int_array(struct arena *arena, const struct int_array *value)
{
	return value == NULL ? SQL_NULL
	                     : plain_array(arena, ROWS_INT, value->count, value->items,
	                                   sizeof(value->items[0]));
}

struct pg_param param_bigint_array(struct arena *arena, const struct bigint_array *value)
{
	return value == NULL ? SQL_NULL
	                     : plain_array(arena, ROWS_BIGINT, value->count, value->items,
	                                   sizeof(value->items[0]));
}

int param_columns(struct arena *arena, struct pg_param params[], size_t count, const void *items,
                  size_t size, int field_count, const struct rows_field fields[])
{
	for (int f = 0; f < field_count; f++) {
		const struct elements elements = elements_of(count, items, size, &fields[f]);
		params[f] = array(arena, &elements);
	}
	return field_count;
}
