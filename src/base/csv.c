#include "base/csv.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

void csv_add_cell(struct buf *buf, const char *text)
{
	bool formula = text != NULL && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;

	assert(buf != NULL);
	buf_add_str(buf, formula ? "\"'" : "\"");
	for (const char *at = text != NULL ? text : ""; *at != '\0'; at++)
		buf_add(buf, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
	buf_add_str(buf, "\"");
}
