/* web: the stages that a request passes, set up once per process. */
#ifndef SEBEZ_WEB_WEB_H
#define SEBEZ_WEB_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

struct redis;

struct web_options {
	struct redis *redis; /* for rate counters shared by all processes; NULL: each process counts
	                        for itself */
	bool cache;          /* answer x-cache operations from memory for up to a second */
	bool limits;         /* apply the rate rules */
	const char *origins; /* allowed by CORS: a valid list (web/origin.h) */
	bool behind_proxy;   /* the client is the last address of X-Forwarded-For */
	int64_t request_ms;  /* time limit for answering a request */
	/* Called after every reply; may be NULL. operation is OPERATION_COUNT when there was
	 * none. */
	void (*measured)(unsigned operation, int status, int64_t duration_us);
};

/*
 * web_start: creates the handlers for http_server_start. Call token_keys_set and db_setup first.
 * Returns -ENOENT when the contract names a rate rule that is not registered (limit.h), or -ENOMEM.
 */
int web_start(const struct web_options *options, struct http_handlers *ret)
    __attribute__((warn_unused_result));
void web_stop(void); /* after the HTTP server has stopped */

#endif
