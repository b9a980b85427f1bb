/*
 * schema: what a database says was applied to it (the rows of sebez_migration), beside the files
 * that are inside this program. It only looks; node/migrate.h changes.
 *
 * Rows are named after files of functions and migrations, and a few after what else is done once
 * per database.
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
/* From which key the roles' passwords were made. */
#define SCHEMA_PASSWORDS "role passwords"
/* Which version of the program has put its functions in place. */
#define SCHEMA_FUNCTIONS_OF "functions of version"

struct schema {
	PGresult *rows;
};

/* A database without sebez_migration has no rows. Says what went wrong and returns -errno. */
int schema_read(PGconn *conn, struct schema *ret) __attribute__((warn_unused_result));
void schema_clear(struct schema *schema);

/* What the row of this name holds, of a file its hash; NULL when there is no such row. */
const char *schema_value(const struct schema *schema, const char *name);

/* Writes a row. Says what went wrong and returns -errno. */
int schema_note(PGconn *conn, const char *name, const char *value)
    __attribute__((warn_unused_result));

void schema_hash(const struct embedded_file *file, char ret[SCHEMA_HASH_SIZE]);
void schema_hash_of_areas(char ret[SCHEMA_HASH_SIZE]);
bool schema_has(const struct schema *schema, const struct embedded_file *file);

/* A migration that was applied and is not of this program: then a newer one was here. NULL when
 * there is none. */
const char *schema_unknown_migration(const struct schema *schema);

/* Whether another development version made this database: one that the migrations of this program
 * do not lead from. */
bool schema_is_of_other_development(const struct schema *schema);

/* Whether the functions are those of a newer version of this program; equal ones never are. */
bool schema_has_newer_functions(const struct schema *schema);

#endif
