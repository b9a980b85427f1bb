/* db_error: maps errors of the database to problems. Common ones are known here; areas register the
 * SQLSTATEs that their SQL raises, and their constraints. */
#ifndef SEBEZ_TASK_DB_ERROR_H
#define SEBEZ_TASK_DB_ERROR_H

#include "task/problem.h"

/* An SQLSTATE of class SB. Its MESSAGE is the sentence for the caller. A DETAIL that is a JSON
 * object adds its members to the problem. */
struct db_refusal {
	const char *sqlstate;
	const struct problem_code *code;
	const char *member; /* member of the problem that holds a DETAIL that is a JSON array */
};

/* A unique or foreign key: a violation is reported for this field of the body, whichever operation
 * writes it. Where one operation names the field differently, its handler must check before it
 * writes. */
struct db_constraint {
	const char *name;
	const struct problem_code *code;
	const char *field, *error_code, *detail;
};

/* At start-up. Each table ends with a zeroed row and lives as long as the process; either may be
 * NULL. Duplicates are not allowed. */
void db_error_register(const struct db_refusal refusals[],
                       const struct db_constraint constraints[]);

#endif
