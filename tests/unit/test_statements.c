/* Every statement of every area, prepared against the schema of all areas. */
#include "unit.h"

#include "node/embedded_schema.h"
#include "task/statements.h"

static PGconn *connection;

static int run_files(const struct embedded_file files[], size_t count)
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

static int lay_schema(void **state)
{
	connection = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	PQclear(PQexec(connection, "set check_function_bodies = off"));
	if (run_files(SCHEMA_TABLES, SCHEMA_TABLES_COUNT) < 0 ||
	    run_files(SCHEMA_FUNCTIONS, SCHEMA_FUNCTIONS_COUNT) < 0)
		return -1;
	return run_files(SCHEMA_RULES, SCHEMA_RULES_COUNT);
}

static int disconnect(void **state)
{
	PQfinish(connection);
	return 0;
}

static void print_line(void *arg, const char *line)
{
	puts(line);
}

static void every_statement_fits_the_schema(void **state)
{
	printf("%zu statements, %zu texts\n", SQL_SOURCE_COUNT, SQL_STATEMENT_COUNT);
	assert_int_equal(statements_check(connection, print_line, NULL), 0);
}

int main(void)
{
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_statement_fits_the_schema)};
	return cmocka_run_group_tests(tests, lay_schema, disconnect);
}
