/*
 * accept: what a client says that it takes (Accept, Accept-Encoding).
 */
#ifndef SEBEZ_WEB_ACCEPT_H
#define SEBEZ_WEB_ACCEPT_H

#include "net/http.h"

/* Whether the list names it, in any case, and not with q=0. Wildcards name nothing. */
bool accept_names(const char *list, const char *name);
/* The same, of all lines of a request's header. */
bool accept_in(const struct http_exchange *ex, const char *header, const char *name);

#endif
