/*
 * api: an api process. Opens the stores, waits until the database has answered once or WARM_MS has
 * passed, serves its listening socket, reports that it is ready.
 *
 *   SIGTERM  finishes the requests in progress, then exits
 *   SIGUSR2  as SIGTERM, but first gives clients with idle connections SEBEZ_DRAIN_MS to send their
 *            next request, which is answered with "Connection: close", so a reload fails no request
 */
#ifndef SEBEZ_NODE_API_H
#define SEBEZ_NODE_API_H

#include <stdbool.h>

#include "node/config.h"

/* Returns an exit status. */
int api_main(const struct config *config, unsigned slot);

/* For health.c. */
bool api_is_draining(void);
void api_refresh_gauges(void);

#endif
