/* json_parse: parses untrusted JSON into jansson's values, or reports errors with their position.
 * */
#ifndef SEBEZ_WEB_JSON_PARSE_H
#define SEBEZ_WEB_JSON_PARSE_H

#include <jansson.h>

#include "web/check.h"

/* At most LIMIT_JSON_DEPTH. To be checked before jansson parses: its recursion is too deep for a
 * fiber's stack. */
bool json_depth_is_fine(const char *text, size_t length);

/* Returns NULL and records the error and its field, as far as it was read, when the text is not
 * JSON, is nested too deep, or has a duplicate key. The value lives as long as the check's arena;
 * its texts may contain NULs. Sets check->real_numbers when integers had to be read as doubles. */
json_t *json_parse(struct check *check, const char *text, size_t length);

#endif
