/* json_pointer: the JSON pointer of a byte in a JSON text, for error messages. The text need not be
 * valid after that byte. */
#ifndef SEBEZ_WEB_JSON_POINTER_H
#define SEBEZ_WEB_JSON_POINTER_H

#include "web/check.h"

/* Enters the member or item that contains byte `position`, as far as its name was written by then;
 * returns the argument of check_leave. Keys are named as spelled, with escapes. */
size_t json_pointer_enter(struct check *check, const char *text, size_t position);

#endif
