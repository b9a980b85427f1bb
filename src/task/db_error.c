#include "task/db_error.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "task/db_internal.h"

static const struct db_refusal COMMON_REFUSALS[] = {
    {"SB401", PROBLEM_UNAUTHENTICATED, NULL}, {"SB403", PROBLEM_FORBIDDEN, NULL},
    {"SB404", PROBLEM_NOT_FOUND, NULL},       {"SB409", PROBLEM_CONFLICT, NULL},
    {"SB423", PROBLEM_ACCOUNT_LOCKED, NULL},  {"SBI01", PROBLEM_INVALID, "errors"},
    {"SBT01", PROBLEM_TRANSITION, "allowed"}, {"SBV01", PROBLEM_VERSION, NULL},
    {"SBX01", PROBLEM_EXISTS, NULL},          {0},
};

/* The first entry applies everywhere; the others are registered by the areas. */
static struct {
	const struct db_refusal *refusals;
	const struct db_constraint *constraints;
} tables[1 + LIMIT_AREAS] = {{.refusals = COMMON_REFUSALS}};
static size_t table_count = 1;

struct server_error {
	const char *prefix; /* of the SQLSTATE */
	const struct problem_code *code;
	const char *detail;
};

static const struct server_error SERVER_ERRORS[] = {
    {"23505", PROBLEM_EXISTS, "It already exists."},
    {"23503", PROBLEM_NOT_FOUND, "A referenced object does not exist."},
    {"23502", PROBLEM_NOT_FOUND, "A referenced object does not exist."},
    {"40001", PROBLEM_OVERLOADED, "Too many concurrent changes; try again."},
    {"40P01", PROBLEM_OVERLOADED, "Too many concurrent changes; try again."},
    {"25006", PROBLEM_UNAVAILABLE, "The database is temporarily read-only."},
    {"55P03", PROBLEM_OVERLOADED, "Too many concurrent changes; try again."},
    {"57014", PROBLEM_OVERLOADED, "The request timed out."},
    {"25P03", PROBLEM_OVERLOADED, "The request timed out."},
    {"53", PROBLEM_OVERLOADED, "The database is short of resources."},
    {"57P", PROBLEM_UNAVAILABLE, "The database is temporarily unavailable."},
    {"08", PROBLEM_UNAVAILABLE, "The database is temporarily unavailable."},
};

bool db_error_is_refusal(const struct pg_error *error)
{
	return strncmp(error->sqlstate, "SB", 2) == 0 || strcmp(error->sqlstate, "23505") == 0;
}

bool db_error_is_transient(const struct pg_error *error)
{
	return strcmp(error->sqlstate, "40001") == 0 || strcmp(error->sqlstate, "40P01") == 0;
}

/* DETAIL {"a":1} becomes the members "a":1; [..] becomes "<member>":[..]; other text is ignored. */
static void add_detail(struct task *task, const struct db_refusal *refusal, const char *detail,
                       struct problem *problem)
{
	size_t length = strlen(detail);
	if (length < 2)
		return;
	if (refusal->code == PROBLEM_INVALID) {
		const char *format = detail[0] == '[' ? "%s" : "[%s]";
		problem->errors = arena_printf(task->arena, format, detail);
	} else if (detail[0] == '{' && length > 2) {
		problem->extra = arena_strndup(task->arena, detail + 1, length - 2);
	} else if (detail[0] == '[' && refusal->member != NULL) {
		problem->extra = arena_printf(task->arena, "\"%s\":%s", refusal->member, detail);
	}
}

static const struct db_refusal *refusal_of(const char *sqlstate)
{
	for (size_t i = 0; i < table_count; i++)
		for (const struct db_refusal *at = tables[i].refusals;
		     at != NULL && at->sqlstate != NULL; at++)
			if (strcmp(at->sqlstate, sqlstate) == 0)
				return at;
	return NULL;
}

static const struct db_constraint *constraint_of(const char *name)
{
	for (size_t i = 0; i < table_count; i++)
		for (const struct db_constraint *at = tables[i].constraints;
		     at != NULL && at->name != NULL; at++)
			if (strcmp(at->name, name) == 0)
				return at;
	return NULL;
}

void db_error_register(const struct db_refusal refusals[], const struct db_constraint constraints[])
{
	for (const struct db_refusal *at = refusals; at != NULL && at->sqlstate != NULL; at++)
		assert(strncmp(at->sqlstate, "SB", 2) == 0 && refusal_of(at->sqlstate) == NULL);
	for (const struct db_constraint *at = constraints; at != NULL && at->name != NULL; at++)
		assert(constraint_of(at->name) == NULL);
	assert(table_count <= LIMIT_AREAS);
	tables[table_count].refusals = refusals;
	tables[table_count].constraints = constraints;
	table_count++;
}

static void end_own(struct task *task, const struct pg_error *error)
{
	const struct db_refusal *refusal = refusal_of(error->sqlstate);

	if (refusal == NULL)
		return;
	struct problem problem = {.code = refusal->code,
	                          .detail = arena_strdup(task->arena, error->message)};
	add_detail(task, refusal, error->detail, &problem);
	task_end_with(task, problem);
}

/* Only for the two classes that concern a value: uniqueness and references. */
static void end_of_field(struct task *task, const struct pg_error *error)
{
	const struct db_constraint *constraint;

	if (strcmp(error->sqlstate, "23505") != 0 && strcmp(error->sqlstate, "23503") != 0)
		return;
	constraint = constraint_of(error->constraint);
	if (constraint != NULL)
		task_end_about(task, constraint->code, constraint->field, constraint->error_code,
		               constraint->detail);
}

/* Batches were retried before this. */
static bool undoes_lease(const struct task *task, const struct pg_error *error)
{
	return task->db != NULL && task->db->open != NULL &&
	       (error->stale || db_error_is_transient(error));
}

_Noreturn void db_error_end(struct task *task, const struct pg_error *error)
{
	const char *log = arena_printf(
	    task->arena, "statement %s: %s %s%s%s", error->statement, error->sqlstate,
	    error->message, error->constraint[0] == '\0' ? "" : ", constraint ", error->constraint);
	end_own(task, error);
	end_of_field(task, error);
	if (error->stale)
		task_end_with(
		    task,
		    (struct problem){.code = PROBLEM_OVERLOADED,
		                     .detail = "The database schema has just changed; try again.",
		                     .log = log,
		                     .transient = undoes_lease(task, error)});
	for (size_t i = 0; i < sizeof(SERVER_ERRORS) / sizeof(SERVER_ERRORS[0]); i++) {
		const struct server_error *known = &SERVER_ERRORS[i];
		if (strncmp(error->sqlstate, known->prefix, strlen(known->prefix)) != 0)
			continue;
		task_end_with(task, (struct problem){.code = known->code,
		                                     .detail = known->detail,
		                                     .log = log,
		                                     .transient = undoes_lease(task, error)});
	}
	/* A row refused by a policy belongs to someone else: answer as if it did not exist. A
	 * missing grant has the same SQLSTATE, but is a bug. */
	if (strcmp(error->sqlstate, "42501") == 0 &&
	    strstr(error->message, "row-level security") != NULL)
		task_end_with(task, (struct problem){.code = PROBLEM_NOT_FOUND,
		                                     .detail = "Not found.",
		                                     .log = log});
	task_end_with(task, (struct problem){.code = PROBLEM_INTERNAL,
	                                     .detail = "Internal error; it has been logged.",
	                                     .log = log});
}

_Noreturn void db_error_end_status(struct task *task, int status)
{
	struct problem problem = {0};

	switch (status) {
	case -EAGAIN:
	case -ETIMEDOUT:
		problem.code = PROBLEM_OVERLOADED;
		problem.detail = "The database is overloaded.";
		problem.log = status == -EAGAIN ? "database queue full" : "database deadline";
		break;
	case -EHOSTDOWN:
		problem.code = PROBLEM_UNAVAILABLE;
		problem.detail = "The database is temporarily unavailable.";
		problem.log = "no database connection";
		break;
	default:
		problem.code = PROBLEM_UNAVAILABLE;
		problem.detail =
		    "The database connection was lost; it is unknown whether the change was made.";
		problem.log = status == -EINPROGRESS ? "no response of the database by the deadline"
		                                     : "database connection lost after sending";
		problem.in_doubt = true;
		break;
	}
	task_end_with(task, problem);
}
