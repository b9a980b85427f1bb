/*
 * startup: what a server does once on its way up, and what it tells the person who started it.
 */
#ifndef SEBEZ_NODE_STARTUP_H
#define SEBEZ_NODE_STARTUP_H

#include <stddef.h>

#include "node/config.h"
#include "node/services.h"

/* Loads the demo marketplace when SEBEZ_DEMO asks for it and this database never had it. A demo
 * that fails is said, and is no reason not to serve. */
int startup_demo(const struct config *config, const struct services *services)
    __attribute__((warn_unused_result));

/* Notes that this database has the demo. */
int startup_demo_done(const struct services *services) __attribute__((warn_unused_result));

/* Where a person finds the server. */
void startup_url(const struct config *config, int port, char *ret, size_t size);

/* URLs, and the demo's accounts, on standard output. */
void startup_announce(const struct config *config, const char *url);

#endif
