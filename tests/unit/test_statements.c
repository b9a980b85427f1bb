/* Every statement of every area, prepared against the schema that the migrations make. */
#include "unit.h"

#include <glob.h>

#include "task/statements.h"

static PGconn *connection;

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	rewind(file);
	char *text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	(void)fclose(file);
	return text;
}

static int run_files(const char *pattern)
{
	glob_t found;
	int failed = 0;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = read_whole(found.gl_pathv[i]);
		PGresult *result = PQexec(connection, text);
		if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
			printf("%s: %s", found.gl_pathv[i], PQresultErrorMessage(result));
			failed = -1;
		}
		PQclear(result);
		free(text);
	}
	globfree(&found);
	return failed;
}

static int migrate(void **state)
{
	connection = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	if (run_files(SEBEZ_SOURCE_ROOT "/db/migrations/*.sql") < 0)
		return -1;
	return run_files(SEBEZ_SOURCE_ROOT "/db/functions/*.sql");
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
	return cmocka_run_group_tests(tests, migrate, disconnect);
}
