/*
 * statements: prints the text of generated statements, so that pgbench runs the same SQL as the
 * server. statements NAME... prints one line per name; without a name every statement, as lines of
 * name, number of parameters, their types' oids, and text.
 */
#include <stdio.h>
#include <string.h>

#include "task/statements.h"

static const char *text_of(const char *name)
{
	for (size_t i = 0; i < SQL_SOURCE_COUNT; i++)
		for (size_t j = 0; j < SQL_SOURCES[i].statement_count; j++)
			if (strcmp(SQL_SOURCES[i].statements[j].name, name) == 0)
				return SQL_SOURCES[i].statements[j].text;
	return NULL;
}

static void print_whole(const struct pg_statement *statement)
{
	printf("%s\t%d\t", statement->name, statement->param_count);
	for (int i = 0; i < statement->param_count; i++)
		printf("%s%u", i > 0 ? " " : "", statement->param_types[i]);
	printf("\t%s\n", statement->text);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *text = text_of(argv[i]);
		if (text == NULL) {
			fprintf(stderr, "statements: there is no statement %s\n", argv[i]);
			return 1;
		}
		puts(text);
	}
	for (size_t i = 0; argc == 1 && i < SQL_SOURCE_COUNT; i++)
		for (size_t j = 0; j < SQL_SOURCES[i].statement_count; j++)
			print_whole(&SQL_SOURCES[i].statements[j]);
	return 0;
}
