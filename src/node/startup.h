/*
 * startup: one-time steps of a server start, and the messages for the user who started it.
 */
#ifndef SEBEZ_NODE_STARTUP_H
#define SEBEZ_NODE_STARTUP_H

#include <stddef.h>

#include "node/config.h"
#include "node/services.h"

/* Loads the demo marketplace if SEBEZ_DEMO is set and this database never had it. A failure to load
 * is printed but does not prevent the start. */
int startup_demo(const struct config *config, const struct services *services)
    __attribute__((warn_unused_result));

/* Records that this database has the demo. */
int startup_demo_done(const struct services *services) __attribute__((warn_unused_result));

/* The URL of the server for the user. */
void startup_url(const struct config *config, int port, char *ret, size_t size);

/* Prints the URLs and the demo's accounts on standard output. */
void startup_announce(const struct config *config, const char *url);

#endif
