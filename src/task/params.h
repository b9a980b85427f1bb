/*
 * params: the parameters of generated statement functions, and their encoding in PostgreSQL's
 * binary format. Encoded values are in the arena; texts and byte strings are not copied, so the
 * caller's bytes must stay valid until the statement was sent: until the call returns for db_of and
 * db_begin, until db_run for a batch. A NULL pointer is SQL NULL.
 */
#ifndef SEBEZ_TASK_PARAMS_H
#define SEBEZ_TASK_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "store/pg.h"
#include "task/readers.h"

struct bytes {
	const void *data;
	size_t length;
};

struct uuid_array {
	size_t count;
	const struct uuid *items;
};

struct text_array {
	size_t count;
	const char *const *items; /* a NULL item is SQL NULL */
};

struct int_array {
	size_t count;
	const int32_t *items;
};

struct bigint_array {
	size_t count;
	const int64_t *items;
};

struct pg_param param_uuid(struct arena *arena, const struct uuid *value);
struct pg_param param_text(struct arena *arena, const char *value);
struct pg_param param_int(struct arena *arena, const int32_t *value);
struct pg_param param_bigint(struct arena *arena, const int64_t *value);
struct pg_param param_bool(struct arena *arena, const bool *value);
struct pg_param param_time(struct arena *arena, const int64_t *value); /* µs since 1970 */
struct pg_param param_double(struct arena *arena, const double *value);
struct pg_param param_json(struct arena *arena, const char *value); /* as jsonb */
struct pg_param param_bytea(struct arena *arena, const struct bytes *value);
struct pg_param param_uuid_array(struct arena *arena, const struct uuid_array *value);
struct pg_param param_text_array(struct arena *arena, const struct text_array *value);
struct pg_param param_int_array(struct arena *arena, const struct int_array *value);
struct pg_param param_bigint_array(struct arena *arena, const struct bigint_array *value);

/*
 * param_columns: an array of structs as one array per field, for unnest(). Fills params[0] to
 * params[field_count - 1]; returns field_count. For fields see readers.h. The arrays are copies:
 * the structs may be freed.
 */
int param_columns(struct arena *arena, struct pg_param params[], size_t count, const void *items,
                  size_t size, int field_count, const struct rows_field fields[]);

#endif
