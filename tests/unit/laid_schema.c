#include "unit.h"

#include "laid_schema.h"
#include "node/embedded_schema.h"

static int run_files(PGconn *connection, const struct embedded_file files[], size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		PGresult *result = PQexec(connection, files[i].text);

		if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
			printf("%s: %s", files[i].name, PQresultErrorMessage(result));
			failed = -1;
		}
		PQclear(result);
	}
	return failed;
}

int lay_schema(PGconn *connection)
{
	PQclear(PQexec(connection, "set check_function_bodies = off"));
	if (run_files(connection, SCHEMA_TABLES, SCHEMA_TABLES_COUNT) < 0 ||
	    run_files(connection, SCHEMA_FUNCTIONS, SCHEMA_FUNCTIONS_COUNT) < 0)
		return -1;
	return run_files(connection, SCHEMA_RULES, SCHEMA_RULES_COUNT);
}
