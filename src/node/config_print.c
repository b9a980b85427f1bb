/* Prints the table of settings for `--help` and docs/CONFIGURATION.md. */
#include "node/config.h"

#include <string.h>

static const char *const TYPE_NAMES[] = {"text", "integer", "yes/no", "choice"};

_Static_assert(sizeof(TYPE_NAMES) / sizeof(TYPE_NAMES[0]) == OPTION_TYPE_COUNT,
               "each type has a name");

static void print_wrapped(FILE *out, const char *text, const char *indent, size_t width)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column == 0)
			column = (size_t)fprintf(out, "%s", indent);
		else if (column + 1 + word > width)
			column = (size_t)fprintf(out, "\n%s", indent) - 1;
		else
			column += (size_t)fprintf(out, " ");
		column += fwrite(text, 1, word, out);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_range(FILE *out, const struct option *option)
{
	if (option->type == OPTION_INTEGER)
		fprintf(out, "%lld to %lld", (long long)option->min, (long long)option->max);
	else if (option->type == OPTION_CHOICE)
		fprintf(out, "%s", option->choices);
}

static bool is_among(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

void config_print_help(FILE *out, const char *const *names)
{
	fprintf(out, "Settings (environment variables; NAME_FILE instead of NAME names a file with "
	             "the value):\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &OPTIONS[i];

		if (names != NULL && !is_among(names, option->name))
			continue;
		fprintf(out, "\n  %s=%s", option->name, option->fallback);
		if (option->unit[0] != '\0')
			fprintf(out, "  (%s)", option->unit);
		if (option->type == OPTION_CHOICE)
			fprintf(out, "  (%s)", option->choices);
		fputc('\n', out);
		print_wrapped(out, option->prose, "      ", 92);
	}
}

void config_print_markdown(FILE *out)
{
	fprintf(
	    out,
	    "# Configuration\n\n"
	    "All settings are environment variables, read once at start. This page is made from "
	    "the table in\n`src/node/config.c` (`make gen`); a bad value stops the start with a "
	    "message that names it.\n\n"
	    "Instead of `NAME`, `NAME_FILE` may be set to the path of a file whose content is the "
	    "value, as containers\nand systemd hand over secrets "
	    "(`SEBEZ_SECRET_FILE=/run/secrets/sebez`). A newline at its end does not count.\n"
	    "The file is read once, by the user who starts the program. Setting both is an "
	    "error.\n\n"
	    "| name | type | default | range | unit | what it is |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &OPTIONS[i];
		const char *tick = option->fallback[0] != '\0' ? "`" : "";

		fprintf(out, "| `%s` | %s%s | %s%s%s | ", option->name, TYPE_NAMES[option->type],
		        option->secret ? ", secret" : "", tick, option->fallback, tick);
		print_range(out, option);
		fprintf(out, " | %s | %s |\n", option->unit, option->prose);
	}
}
