/* Writers of each type as JSON. */
#include <string.h>

#include "base/binary.h"
#include "base/clock.h"
#include "store/pg_types.h"
#include "task/rows_internal.h"

static void write_bool(struct json *json, const char *bytes, int length)
{
	json_bool(json, bytes[0] != 0);
}

static void write_int2(struct json *json, const char *bytes, int length)
{
	json_int(json, binary_int16(bytes));
}

static void write_int4(struct json *json, const char *bytes, int length)
{
	json_int(json, binary_int32(bytes));
}

static void write_int8(struct json *json, const char *bytes, int length)
{
	json_int(json, binary_int64(bytes));
}

static void write_float4(struct json *json, const char *bytes, int length)
{
	int32_t bits = binary_int32(bytes);
	float value;
	memcpy(&value, &bits, sizeof(value));
	json_double(json, (double)value);
}

static void write_float8(struct json *json, const char *bytes, int length)
{
	int64_t bits = binary_int64(bytes);
	double value;
	memcpy(&value, &bits, sizeof(value));
	json_double(json, value);
}

static void write_text(struct json *json, const char *bytes, int length)
{
	json_strn(json, bytes, (size_t)length);
}

static void write_uuid(struct json *json, const char *bytes, int length)
{
	struct uuid id;
	memcpy(id.bytes, bytes, sizeof(id.bytes));
	json_uuid(json, id);
}

static void write_time(struct json *json, const char *bytes, int length)
{
	int64_t time = binary_int64(bytes);
	/* JSON has no infinite time; the contract says null for "never". */
	if (time == TIME_INFINITY || time == TIME_MINUS_INFINITY)
		json_nil(json);
	else
		json_time(json, time + PG_EPOCH_US);
}

static void write_date(struct json *json, const char *bytes, int length)
{
	enum { DATE_TEXT_LENGTH = 10 };
	char text[TIME_TEXT_LENGTH + 1];
	time_format(binary_int32(bytes) * INT64_C(86400000000) + PG_EPOCH_US, text);
	json_strn(json, text, DATE_TEXT_LENGTH);
}

static rows_json_fn *write_stored = json_raw;

void rows_register_json(rows_json_fn *write)
{
	write_stored = write;
}

static void write_json(struct json *json, const char *bytes, int length)
{
	write_stored(json, bytes, (size_t)length);
}

static void write_jsonb(struct json *json, const char *bytes, int length)
{
	write_stored(json, bytes + 1, (size_t)length - 1); /* after the format's version */
}

static void write_void(struct json *json, const char *bytes, int length)
{
	json_nil(json);
}

/* One dimension: dimensions, has NULLs, element type, [count, lower bound], elements. */
static void write_array(struct json *json, const char *bytes, int length)
{
	int32_t count = binary_int32(bytes) == 0 ? 0 : binary_int32(bytes + 12);
	rows_write_fn *write = rows_writer((Oid)binary_int32(bytes + 8));
	const char *at = bytes + 20;

	json_open_array(json);
	for (int32_t i = 0; i < count; i++) {
		int32_t size = binary_int32(at);
		at += 4;
		if (size < 0) {
			json_nil(json);
			continue;
		}
		write(json, at, size);
		at += size;
	}
	json_close_array(json);
}

rows_write_fn *rows_writer(Oid type)
{
	switch (type) {
	case PG_BOOL_OID:
		return write_bool;
	case PG_INT2_OID:
		return write_int2;
	case PG_INT4_OID:
		return write_int4;
	case PG_INT8_OID:
		return write_int8;
	case PG_FLOAT4_OID:
		return write_float4;
	case PG_FLOAT8_OID:
		return write_float8;
	case PG_UUID_OID:
		return write_uuid;
	case PG_TIMESTAMPTZ_OID:
		return write_time;
	case PG_DATE_OID:
		return write_date;
	case PG_JSON_OID:
		return write_json;
	case PG_JSONB_OID:
		return write_jsonb;
	case PG_VOID_OID:
		return write_void;
	case PG_TEXT_OID:
	case PG_VARCHAR_OID:
	case PG_BPCHAR_OID:
	case PG_NAME_OID:
	case PG_CHAR_OID:
	case PG_UNKNOWN_OID:
		return write_text;
	case PG_UUID_ARRAY_OID:
	case PG_TEXT_ARRAY_OID:
	case PG_INT4_ARRAY_OID:
	case PG_INT8_ARRAY_OID:
		return write_array;
	default:
		return type >= PG_FIRST_OWN_OID ? write_text : NULL;
	}
}
