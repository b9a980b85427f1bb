/* slug: chooses the slug of a resource that can be fetched by its id or its slug. A slug that looks
 * like an id could not be fetched, and could impersonate another resource. */
#ifndef SEBEZ_WEB_SLUG_H
#define SEBEZ_WEB_SLUG_H

#include "web/request.h"

/* The given slug, or one derived from the name; at most size - 1 bytes into ret. Ends the task with
 * an error of /slug when it looks like an id, or none can be derived. */
void slug_choose(struct request *rq, const char *given, const char *name, char *ret, size_t size);

#endif
