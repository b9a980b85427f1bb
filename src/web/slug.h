/*
 * slug: the slug of something that is found by its id or its slug. One that looks like an id would
 * never be found, and could pass for somebody else's thing.
 */
#ifndef SEBEZ_WEB_SLUG_H
#define SEBEZ_WEB_SLUG_H

#include "web/request.h"

/* As it was given, or one made of the name when it was not; at most size - 1 bytes into ret. Ends
 * the task with an error of /slug when it looks like an id, or none can be made. */
void slug_choose(struct request *rq, const char *given, const char *name, char *ret, size_t size);

#endif
