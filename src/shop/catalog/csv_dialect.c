#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "shop/catalog/import_csv.h"

char csv_delimiter(const char *line, size_t length)
{
	static const char DELIMITERS[] = ",;\t";
	size_t counts[sizeof(DELIMITERS)] = {0}, best = 0;
	bool quoted = false, begun = false;

	for (size_t i = 0; i < length; i++) {
		const char *found = strchr(DELIMITERS, line[i]);

		if (begun && (line[i] == '\n' || line[i] == '\r'))
			break;
		begun |= line[i] != '\n' && line[i] != '\r';
		quoted ^= line[i] == '"';
		if (!quoted && line[i] != 0 && found != NULL)
			counts[found - DELIMITERS]++;
	}
	for (size_t i = 1; DELIMITERS[i] != 0; i++) {
		if (counts[i] > counts[best])
			best = i;
	}
	assert(best < sizeof(DELIMITERS) - 1);
	return DELIMITERS[best];
}

static bool needs_quotes(const char *text)
{
	size_t length = strlen(text);

	if (length == 0)
		return false;
	return strpbrk(text, ",\"\r\n") != NULL || strchr(" \t", text[0]) != NULL ||
	       strchr(" \t", text[length - 1]) != NULL;
}

static bool is_number(const char *text)
{
	size_t digits;

	text += strspn(text, "+-") == 1;
	digits = strspn(text, "0123456789");
	text += digits;
	text += *text == '.';
	return digits > 0 && text[strspn(text, "0123456789")] == 0;
}

bool csv_is_formula(const char *text)
{
	text += strspn(text, "'");
	return *text != 0 && strchr("=+-@\t\r", *text) != NULL && !is_number(text);
}

void csv_add(struct buf *buf, const char *text)
{
	bool formula = csv_is_formula(text);

	if (!formula && !needs_quotes(text)) {
		buf_add_str(buf, text);
		return;
	}
	buf_add_str(buf, formula ? "\"'" : "\"");
	for (const char *next = text; *next != 0; next++) {
		if (*next == '"')
			buf_add_char(buf, '"');
		buf_add_char(buf, *next);
	}
	buf_add_char(buf, '"');
}
