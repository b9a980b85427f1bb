/* statements: all generated statements, for `sebez check`. */
#ifndef SEBEZ_TASK_STATEMENTS_H
#define SEBEZ_TASK_STATEMENTS_H

#include <libpq-fe.h>
#include <stddef.h>

#include "store/pg.h"
#include "task/db.h"
#include "task/readers.h"

/* One named statement of an area's .sql file, with a text per combination of optional clauses. */
struct sql_source {
	const char *file;
	int line;
	enum rows_expected expect;
	const struct pg_statement *statements;
	size_t statement_count;
	const struct rows_field *fields; /* declared columns, or NULL */
	size_t field_count;
};

extern const struct sql_source SQL_SOURCES[];
extern const size_t SQL_SOURCE_COUNT;
extern const size_t SQL_STATEMENT_COUNT; /* texts of all sources together */

/*
 * statements_check: prepares every statement on the connection (of the schema's owner or any role
 * that may see all of it) and compares declared columns and types that rows can read with what
 * PostgreSQL says. Blocks: for the command line, not for the loop. Calls report with one line of
 * text per error; returns the number of errors.
 */
size_t statements_check(PGconn *connection, void (*report)(void *arg, const char *line), void *arg);

#endif
