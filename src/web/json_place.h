/*
 * json_place: where in a JSON text a byte is, for telling whoever sent it. The text need not be
 * valid from that byte on.
 */
#ifndef SEBEZ_WEB_JSON_PLACE_H
#define SEBEZ_WEB_JSON_PLACE_H

#include "web/check.h"

/* Steps into the member or item that byte `position` is in, as far as its name was written by then;
 * gives back what check_leave takes. Keys are named as they are spelled, escapes and all. */
size_t json_place_enter(struct check *check, const char *text, size_t position);

#endif
