#include "task/params.h"

#include <limits.h>
#include <string.h>

#include "base/binary.h"
#include "base/clock.h"
#include "store/pg_types.h"

static struct pg_param copied(struct arena *arena, const void *bytes, size_t size)
{
	char *copy = arena_alloc(arena, size);
	memcpy(copy, bytes, size);
	return (struct pg_param){copy, (int)size};
}

static const struct pg_param SQL_NULL;

struct pg_param param_uuid(struct arena *arena, const struct uuid *value)
{
	return value == NULL ? SQL_NULL : copied(arena, value->bytes, sizeof(value->bytes));
}

struct pg_param param_text(struct arena *arena, const char *value)
{
	(void)arena;
	return value == NULL ? SQL_NULL : (struct pg_param){value, (int)strlen(value)};
}

struct pg_param param_int(struct arena *arena, const int32_t *value)
{
	if (value == NULL)
		return SQL_NULL;
	char wire[4];
	binary_put_int32(wire, *value);
	return copied(arena, wire, sizeof(wire));
}

struct pg_param param_bigint(struct arena *arena, const int64_t *value)
{
	if (value == NULL)
		return SQL_NULL;
	char wire[8];
	binary_put_int64(wire, *value);
	return copied(arena, wire, sizeof(wire));
}

struct pg_param param_bool(struct arena *arena, const bool *value)
{
	(void)arena;
	return value == NULL ? SQL_NULL : (struct pg_param){*value ? "\1" : "\0", 1};
}

struct pg_param param_time(struct arena *arena, const int64_t *value)
{
	if (value == NULL)
		return SQL_NULL;
	int64_t time = *value;
	/* The infinities are the same extreme values on both sides; what PostgreSQL's epoch would
	 * take below the lowest is as good as it. */
	if (time != TIME_INFINITY && __builtin_sub_overflow(time, PG_EPOCH_US, &time))
		time = TIME_MINUS_INFINITY;
	return param_bigint(arena, &time);
}

struct pg_param param_double(struct arena *arena, const double *value)
{
	if (value == NULL)
		return SQL_NULL;
	uint64_t bits;
	memcpy(&bits, value, sizeof(bits));
	return param_bigint(arena, &(int64_t){(int64_t)bits});
}

struct pg_param param_json(struct arena *arena, const char *value)
{
	if (value == NULL)
		return SQL_NULL;
	size_t length = strlen(value);
	char *bytes = arena_alloc(arena, length + 1);
	bytes[0] = 1; /* the version of jsonb's binary format */
	memcpy(bytes + 1, value, length);
	return (struct pg_param){bytes, (int)length + 1};
}

struct pg_param param_bytea(struct arena *arena, const struct bytes *value)
{
	(void)arena;
	if (value == NULL)
		return SQL_NULL;
	return (struct pg_param){value->length == 0 ? "" : value->data, (int)value->length};
}

/*
 * An array's binary format: dimensions, whether it has NULLs, the elements' type, then for the one
 * dimension its length and lower bound, then each element's length (-1 is NULL) and bytes.
 * An empty array has no dimension.
 */
static char *array_open(struct arena *arena, size_t count, size_t bytes, bool has_null, int type,
                        struct pg_param *ret)
{
	size_t size = count == 0 ? 12 : 20 + count * 4 + bytes;
	char *at = arena_alloc(arena, size);
	*ret = (struct pg_param){at, (int)size};
	at = binary_put_int32(at, count == 0 ? 0 : 1);
	at = binary_put_int32(at, has_null);
	at = binary_put_int32(at, type);
	if (count > 0) {
		at = binary_put_int32(at, (int32_t)count);
		at = binary_put_int32(at, 1);
	}
	return at;
}

static char *array_put(char *at, const void *bytes, size_t size)
{
	at = binary_put_int32(at, (int32_t)size);
	memcpy(at, bytes, size);
	return at + size;
}

struct pg_param param_uuid_array(struct arena *arena, const struct uuid_array *value)
{
	struct pg_param param;
	if (value == NULL)
		return SQL_NULL;
	char *at = array_open(arena, value->count, value->count * 16, false, PG_UUID_OID, &param);
	for (size_t i = 0; i < value->count; i++)
		at = array_put(at, value->items[i].bytes, 16);
	return param;
}

struct pg_param param_text_array(struct arena *arena, const struct text_array *value)
{
	struct pg_param param;
	size_t bytes = 0;
	bool has_null = false;
	if (value == NULL)
		return SQL_NULL;
	for (size_t i = 0; i < value->count; i++) {
		if (value->items[i] == NULL)
			has_null = true;
		else
			bytes += strlen(value->items[i]);
	}
	char *at = array_open(arena, value->count, bytes, has_null, PG_TEXT_OID, &param);
	for (size_t i = 0; i < value->count; i++) {
		if (value->items[i] == NULL)
			at = binary_put_int32(at, -1);
		else
			at = array_put(at, value->items[i], strlen(value->items[i]));
	}
	return param;
}

struct pg_param param_int_array(struct arena *arena, const struct int_array *value)
{
	struct pg_param param;
	if (value == NULL)
		return SQL_NULL;
	char *at = array_open(arena, value->count, value->count * 4, false, PG_INT4_OID, &param);
	for (size_t i = 0; i < value->count; i++) {
		char wire[4];
		binary_put_int32(wire, value->items[i]);
		at = array_put(at, wire, sizeof(wire));
	}
	return param;
}

struct pg_param param_bigint_array(struct arena *arena, const struct bigint_array *value)
{
	struct pg_param param;
	if (value == NULL)
		return SQL_NULL;
	char *at = array_open(arena, value->count, value->count * 8, false, PG_INT8_OID, &param);
	for (size_t i = 0; i < value->count; i++) {
		char wire[8];
		binary_put_int64(wire, value->items[i]);
		at = array_put(at, wire, sizeof(wire));
	}
	return param;
}
