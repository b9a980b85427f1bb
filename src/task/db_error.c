/*
 * What the database's refusals mean to a caller: one table for our own SQLSTATEs (class SB), one
 * for constraints that a field of the body is held to, one for the rest of PostgreSQL's.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "task/db_internal.h"

struct own_error {
	const char *sqlstate;
	enum problem_code code;
	const char *member; /* name of the member of the problem that a JSON array DETAIL becomes */
};

/* MESSAGE of these is the sentence for the caller. A DETAIL that is a JSON object adds its members
 * to the problem. */
static const struct own_error OWN_ERRORS[] = {
    {"SB401", PROBLEM_UNAUTHENTICATED, NULL},  {"SB403", PROBLEM_FORBIDDEN, NULL},
    {"SB404", PROBLEM_NOT_FOUND, NULL},        {"SB409", PROBLEM_CONFLICT, NULL},
    {"SB423", PROBLEM_ACCOUNT_LOCKED, NULL},   {"SBC01", PROBLEM_CART_ORDERED, NULL},
    {"SBC02", PROBLEM_CART_EMPTY, NULL},       {"SBI01", PROBLEM_INVALID, "errors"},
    {"SBQ01", PROBLEM_QUOTE_CHANGED, "quote"}, {"SBS01", PROBLEM_OUT_OF_STOCK, "lines"},
    {"SBT01", PROBLEM_TRANSITION, "allowed"},  {"SBV01", PROBLEM_VERSION, NULL},
    {"SBX01", PROBLEM_EXISTS, NULL},
};

/* What such a constraint refuses, whichever operation writes it, is said of this field of the body.
 * A field that has another name in one operation is for its handler to look at before it writes. */
static const struct field_error {
	const char *constraint;
	enum problem_code code;
	const char *field, *error_code, *detail;
} FIELD_ERRORS[] = {
    {"account_email_key", PROBLEM_EXISTS, "/email", "exists",
     "There is an account with this e-mail address."},
    {"vendor_slug_key", PROBLEM_EXISTS, "/slug", "exists", "Another vendor has this slug."},
    {"category_slug_key", PROBLEM_EXISTS, "/slug", "exists", "Another category has this slug."},
    {"category_parent_id_fkey", PROBLEM_INVALID, "/parent_id", "unknown",
     "There is no such category."},
    {"product_vendor_id_handle_key", PROBLEM_EXISTS, "/handle", "exists",
     "Another product of this vendor has this handle."},
    {"product_category_id_fkey", PROBLEM_INVALID, "/category_id", "unknown",
     "There is no such category."},
    {"variant_options_key", PROBLEM_EXISTS, "/options", "exists",
     "Another variant of this product is just that; without options it has but one."},
};

struct server_error {
	const char *prefix; /* of the SQLSTATE */
	enum problem_code code;
	const char *detail;
};

static const struct server_error SERVER_ERRORS[] = {
    {"23505", PROBLEM_EXISTS, "It exists already."},
    {"23503", PROBLEM_NOT_FOUND, "Something that this refers to is not there."},
    {"23502", PROBLEM_NOT_FOUND, "Something that this refers to is not there."},
    {"40001", PROBLEM_OVERLOADED, "Too many changes at once; try again."},
    {"40P01", PROBLEM_OVERLOADED, "Too many changes at once; try again."},
    {"25006", PROBLEM_UNAVAILABLE, "The database takes no changes at the moment."},
    {"55P03", PROBLEM_OVERLOADED, "Too many changes at once; try again."},
    {"57014", PROBLEM_OVERLOADED, "It took too long."},
    {"25P03", PROBLEM_OVERLOADED, "It took too long."},
    {"53", PROBLEM_OVERLOADED, "The database is short of resources."},
    {"57P", PROBLEM_UNAVAILABLE, "The database is not there at the moment."},
    {"08", PROBLEM_UNAVAILABLE, "The database is not there at the moment."},
};

bool db_error_is_refusal(const struct pg_error *error)
{
	return strncmp(error->sqlstate, "SB", 2) == 0 || strcmp(error->sqlstate, "23505") == 0;
}

bool db_error_is_transient(const struct pg_error *error)
{
	return strcmp(error->sqlstate, "40001") == 0 || strcmp(error->sqlstate, "40P01") == 0;
}

/* DETAIL {"a":1} becomes the members "a":1; [..] becomes "<member>":[..]; other text is dropped. */
static void add_detail(struct task *task, const struct own_error *own, const char *detail,
                       struct problem *problem)
{
	size_t length = strlen(detail);
	if (length < 2)
		return;
	if (own->code == PROBLEM_INVALID) {
		const char *format = detail[0] == '[' ? "%s" : "[%s]";
		problem->errors = arena_printf(task->arena, format, detail);
	} else if (detail[0] == '{' && length > 2) {
		problem->extra = arena_strndup(task->arena, detail + 1, length - 2);
	} else if (detail[0] == '[' && own->member != NULL) {
		problem->extra = arena_printf(task->arena, "\"%s\":%s", own->member, detail);
	}
}

static void end_own(struct task *task, const struct pg_error *error)
{
	for (size_t i = 0; i < sizeof(OWN_ERRORS) / sizeof(OWN_ERRORS[0]); i++) {
		const struct own_error *own = &OWN_ERRORS[i];
		if (strcmp(error->sqlstate, own->sqlstate) != 0)
			continue;
		struct problem problem = {.code = own->code,
		                          .detail = arena_strdup(task->arena, error->message)};
		add_detail(task, own, error->detail, &problem);
		task_end_with(task, problem);
	}
}

/* Only of the two classes that say something of a value: uniqueness and references. */
static void end_of_field(struct task *task, const struct pg_error *error)
{
	if (strcmp(error->sqlstate, "23505") != 0 && strcmp(error->sqlstate, "23503") != 0)
		return;
	for (size_t i = 0; i < sizeof(FIELD_ERRORS) / sizeof(FIELD_ERRORS[0]); i++) {
		const struct field_error *known = &FIELD_ERRORS[i];
		if (strcmp(error->constraint, known->constraint) == 0)
			task_end_about(task, known->code, known->field, known->error_code,
			               known->detail);
	}
}

/* A batch has been sent again often enough when it comes to this. */
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
		task_end_with(task, (struct problem){.code = PROBLEM_OVERLOADED,
		                                     .detail = "The database has just changed.",
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
	/* A row that a policy refuses is a foreign id: as if it were not there. A missing grant has
	 * the same SQLSTATE, but is our mistake. */
	if (strcmp(error->sqlstate, "42501") == 0 &&
	    strstr(error->message, "row-level security") != NULL)
		task_end_with(task, (struct problem){.code = PROBLEM_NOT_FOUND,
		                                     .detail = "There is no such thing.",
		                                     .log = log});
	task_end_with(task, (struct problem){.code = PROBLEM_INTERNAL,
	                                     .detail = "This is a mistake of ours; it is logged.",
	                                     .log = log});
}

_Noreturn void db_error_end_status(struct task *task, int status)
{
	struct problem problem = {0};

	switch (status) {
	case -EAGAIN:
	case -ETIMEDOUT:
		problem.code = PROBLEM_OVERLOADED;
		problem.detail = "The database is too busy at the moment.";
		problem.log = status == -EAGAIN ? "database queue full" : "database deadline";
		break;
	case -EHOSTDOWN:
		problem.code = PROBLEM_UNAVAILABLE;
		problem.detail = "The database is not there at the moment.";
		problem.log = "no database connection";
		break;
	default:
		problem.code = PROBLEM_UNAVAILABLE;
		problem.detail = "The database went away; whether this was done is not known.";
		problem.log = status == -EINPROGRESS ? "no answer of the database by the deadline"
		                                     : "database connection lost after sending";
		problem.in_doubt = true;
		break;
	}
	task_end_with(task, problem);
}
