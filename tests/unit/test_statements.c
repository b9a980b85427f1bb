/* Every statement of every area, prepared against the schema of all areas. */
#include "unit.h"

#include "laid_schema.h"
#include "task/statements.h"

static PGconn *connection;

static int connect_and_lay(void **state)
{
	connection = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	return lay_schema(connection);
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
	return cmocka_run_group_tests(tests, connect_and_lay, disconnect);
}
