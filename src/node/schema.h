/*
 * schema: compares what was applied to a database (the rows of sebez_migration) with the files
 * embedded in this program. Read-only except for schema_record; node/migrate.h changes the
 * database.
 *
 * Rows are named after function and migration files; a few more record other steps that are done
 * once per database.
 */
#ifndef SEBEZ_NODE_SCHEMA_H
#define SEBEZ_NODE_SCHEMA_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "node/embedded_schema.h"

enum { SCHEMA_HASH_SIZE = 65 };

/* The hash of the areas' schema files (schema_hash_of_areas), as of the last migration. */
#define SCHEMA_LAID "schema"
/* The key that the role passwords were derived from. */
#define SCHEMA_PASSWORDS "role passwords"
/* The program version whose functions are installed. */
#define SCHEMA_FUNCTIONS_OF "functions of version"

struct schema {
	PGresult *rows;
};

/* A database without sebez_migration has no rows. Prints the error and returns -errno on
 * failure. */
int schema_read(PGconn *conn, struct schema *ret) __attribute__((warn_unused_result));
void schema_clear(struct schema *schema);

/* The value of the row with this name (for a file its hash); NULL when there is no such row. */
const char *schema_value(const struct schema *schema, const char *name);

/* Writes a row. Prints the error and returns -errno on failure. */
int schema_record(PGconn *conn, const char *name, const char *value)
    __attribute__((warn_unused_result));

void schema_hash(const struct embedded_file *file, char ret[SCHEMA_HASH_SIZE]);
void schema_hash_of_areas(char ret[SCHEMA_HASH_SIZE]);
bool schema_has(const struct schema *schema, const struct embedded_file *file);

/* An applied migration that this program does not know: the database was migrated by a newer
 * version. NULL when there is none. */
const char *schema_unknown_migration(const struct schema *schema);

/* Whether the database was created by another development version, from which this program's
 * migrations do not lead to its schema. */
bool schema_is_of_other_development(const struct schema *schema);

/* Whether the functions are those of a newer version of this program; equal ones never are. */
bool schema_has_newer_functions(const struct schema *schema);

#endif
