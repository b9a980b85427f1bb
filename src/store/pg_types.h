/*
 * pg_types: PostgreSQL's fixed object ids of the types that we send and read. They are part of its
 * wire protocol's contract and never change (pg_type.dat). Types made by a schema or an extension
 * (enums, citext) have ids from PG_FIRST_OWN_OID on, and travel as text in binary format too.
 */
#ifndef SEBEZ_STORE_PG_TYPES_H
#define SEBEZ_STORE_PG_TYPES_H

enum {
	PG_BOOL_OID = 16,
	PG_BYTEA_OID = 17,
	PG_CHAR_OID = 18,
	PG_NAME_OID = 19,
	PG_INT8_OID = 20,
	PG_INT2_OID = 21,
	PG_INT4_OID = 23,
	PG_TEXT_OID = 25,
	PG_JSON_OID = 114,
	PG_FLOAT4_OID = 700,
	PG_FLOAT8_OID = 701,
	PG_UNKNOWN_OID = 705,
	PG_BOOL_ARRAY_OID = 1000,
	PG_BYTEA_ARRAY_OID = 1001,
	PG_INT4_ARRAY_OID = 1007,
	PG_TEXT_ARRAY_OID = 1009,
	PG_INT8_ARRAY_OID = 1016,
	PG_FLOAT8_ARRAY_OID = 1022,
	PG_BPCHAR_OID = 1042,
	PG_VARCHAR_OID = 1043,
	PG_DATE_OID = 1082,
	PG_TIMESTAMPTZ_OID = 1184,
	PG_TIMESTAMPTZ_ARRAY_OID = 1185,
	PG_VOID_OID = 2278,
	PG_UUID_OID = 2950,
	PG_UUID_ARRAY_OID = 2951,
	PG_JSONB_OID = 3802,
	PG_JSONB_ARRAY_OID = 3807,
	PG_FIRST_OWN_OID = 16384,
};

/* Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's timestamps begin. */
#define PG_EPOCH_US INT64_C(946684800000000)

#endif
