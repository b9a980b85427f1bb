/*
 * statements: prints the text of generated statements, so that pgbench runs the same SQL as the
 * server. statements NAME... prints one line per name.
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
	return 0;
}
