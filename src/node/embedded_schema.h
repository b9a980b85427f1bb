/*
 * embedded_schema: the database schema, generated from the areas' files (tools/gen_schema.py).
 *
 * A fresh database is created in three passes over all areas: tables (with indexes, grants and
 * everything else that needs no function), functions, then rules (policies and triggers, which call
 * functions). Areas are in the order of their folders in src/shop/meson.build, so foreign keys
 * refer only to earlier areas.
 */
#ifndef SEBEZ_NODE_EMBEDDED_SCHEMA_H
#define SEBEZ_NODE_EMBEDDED_SCHEMA_H

#include "base/embedded_file.h"

extern const struct embedded_file SCHEMA_TABLES[];
extern const size_t SCHEMA_TABLES_COUNT;

extern const struct embedded_file SCHEMA_FUNCTIONS[]; /* reapplied when a file has changed */
extern const size_t SCHEMA_FUNCTIONS_COUNT;

extern const struct embedded_file SCHEMA_RULES[];
extern const size_t SCHEMA_RULES_COUNT;

extern const struct embedded_file MIGRATIONS[]; /* db/migrations, in the order of their numbers */
extern const size_t MIGRATIONS_COUNT;

/* An invariant of the data: the query selects the violating rows, one text column. */
struct schema_check {
	const char *area;
	const char *title;
	const char *query;
};
extern const struct schema_check SCHEMA_CHECKS[];
extern const size_t SCHEMA_CHECKS_COUNT;

#endif
