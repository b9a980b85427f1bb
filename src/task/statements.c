#include "task/statements.h"

#include <stdio.h>
#include <string.h>

#include "task/rows_internal.h"

struct check {
	PGconn *connection;
	void (*report)(void *arg, const char *line);
	void *arg;
	size_t mistakes;
};

static void mistake(struct check *check, const struct sql_source *source,
                    const struct pg_statement *statement, const char *what, const char *more)
{
	char line[1024];
	snprintf(line, sizeof(line), "%s:%d: %s: %s%s", source->file, source->line, statement->name,
	         what, more);
	for (char *c = line; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	check->mistakes++;
	check->report(check->arg, line);
}

static int column_of(const PGresult *description, const char *name)
{
	for (int i = 0; i < PQnfields(description); i++)
		if (strcmp(PQfname(description, i), name) == 0)
			return i;
	return -1;
}

static void check_columns(struct check *check, const struct sql_source *source,
                          const struct pg_statement *statement, const PGresult *description)
{
	for (size_t f = 0; f < source->field_count; f++) {
		const struct rows_field *field = &source->fields[f];
		int column = column_of(description, field->name);
		if (column < 0)
			mistake(check, source, statement, "has no column ", field->name);
		else if (!rows_type_fits(field->type, PQftype(description, column)))
			mistake(check, source, statement, "another type than declared: column ",
			        field->name);
	}
	for (int i = 0; i < PQnfields(description); i++) {
		const char *name = PQfname(description, i);
		if (name[0] != '_' && rows_writer(PQftype(description, i)) == NULL &&
		    source->fields == NULL)
			mistake(check, source, statement, "cannot become JSON: column ", name);
	}
}

static void check_statement(struct check *check, const struct sql_source *source,
                            const struct pg_statement *statement)
{
	PGresult *result = PQprepare(check->connection, "", statement->text, statement->param_count,
	                             statement->param_types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		mistake(check, source, statement, PQresultErrorMessage(result), "");
		PQclear(result);
		return;
	}
	PQclear(result);
	result = PQdescribePrepared(check->connection, "");
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		check_columns(check, source, statement, result);
	else
		mistake(check, source, statement, PQresultErrorMessage(result), "");
	PQclear(result);
}

size_t statements_check(PGconn *connection, void (*report)(void *arg, const char *line), void *arg)
{
	struct check check = {.connection = connection, .report = report, .arg = arg};
	for (size_t s = 0; s < SQL_SOURCE_COUNT; s++)
		for (size_t i = 0; i < SQL_SOURCES[s].statement_count; i++)
			check_statement(&check, &SQL_SOURCES[s], &SQL_SOURCES[s].statements[i]);
	return check.mistakes;
}
