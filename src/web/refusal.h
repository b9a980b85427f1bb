/* refusal: replies without a request, or without memory for one. */
#ifndef SEBEZ_WEB_REFUSAL_H
#define SEBEZ_WEB_REFUSAL_H

#include "net/http.h"

/* 503, with the CORS headers of that origin (web/origin.h). */
void refusal_overloaded(struct http_exchange *ex, unsigned origin);

/* Reply to a malformed request: 400, 414 or 431. `why` has no character that JSON escapes. */
void refusal_unreadable(int status, const char *why, struct http_answer *ret);

#endif
