/*
 * db_error: what the database's refusals mean to a caller. What means the same everywhere is known
 * here; what an area's own SQL raises, and its constraints, the area registers.
 */
#ifndef SEBEZ_TASK_DB_ERROR_H
#define SEBEZ_TASK_DB_ERROR_H

#include "task/problem.h"

/* An SQLSTATE of class SB. Its MESSAGE is the sentence for the caller. A DETAIL that is a JSON
 * object adds its members to the problem. */
struct db_refusal {
	const char *sqlstate;
	const struct problem_code *code;
	const char *member; /* name of the member of the problem that a JSON array DETAIL becomes */
};

/* A unique or foreign key: what it refuses, whichever operation writes it, is said of this field of
 * the body. A field that has another name in one operation is for its handler to look at before it
 * writes. */
struct db_constraint {
	const char *name;
	const struct problem_code *code;
	const char *field, *error_code, *detail;
};

/* At start-up. Each table ends with a row of zeros and lives as long as the process; either may be
 * NULL. Nothing may be registered twice. */
void db_error_register(const struct db_refusal refusals[],
                       const struct db_constraint constraints[]);

#endif
