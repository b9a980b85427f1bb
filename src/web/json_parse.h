/*
 * json_parse: the bytes of strangers become jansson's values, or errors that say where they are
 * none.
 */
#ifndef SEBEZ_WEB_JSON_PARSE_H
#define SEBEZ_WEB_JSON_PARSE_H

#include <jansson.h>

#include "web/check.h"

/* NULL, and noted what is wrong and in which field as far as it was read, when it is not JSON,
 * nested too deep, or has a key twice. The value lives as long as the check's arena; its texts may
 * have NULs. Sets check->real_numbers when integers had to be read as doubles. */
json_t *json_parse(struct check *check, const char *text, size_t length);

#endif
