/* rows_internal: the definition of struct rows, for the files of task/ only. */
#ifndef SEBEZ_TASK_ROWS_INTERNAL_H
#define SEBEZ_TASK_ROWS_INTERNAL_H

#include <libpq-fe.h>

#include "base/json.h"
#include "store/pg.h"
#include "task/db.h"
#include "task/rows.h"

struct rows {
	PGresult *result; /* NULL until the statement has run; freed with the arena */
	const struct pg_statement *statement;
	enum rows_expected expect;
	int rewritten_count;
	struct {
		int column;
		rows_rewrite_fn *write;
		void *arg;
	} rewritten[ROWS_REWRITTEN_MAX];
};

/* Writes one value of a column, not NULL, as JSON. */
typedef void rows_write_fn(struct json *json, const char *bytes, int length);
rows_write_fn *rows_writer(Oid type); /* NULL when the type cannot become JSON */

/* A bug: prints the statement and the column, and aborts. */
_Noreturn void rows_bug(const struct rows *rows, int column, const char *what);

void rows_shapes_free(void); /* for leak checkers */

#endif
