/* accept: parses the Accept and Accept-Encoding headers. */
#ifndef SEBEZ_WEB_ACCEPT_H
#define SEBEZ_WEB_ACCEPT_H

#include "net/http.h"

/* True when the list has the name, ignoring case, without q=0. Wildcards do not count. */
bool accept_names(const char *list, const char *name);
/* The same over all lines of a request's header. */
bool accept_in(const struct http_exchange *ex, const char *header, const char *name);

#endif
