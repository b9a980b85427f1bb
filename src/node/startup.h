/*
 * startup: what a server tells the person who started it.
 */
#ifndef SEBEZ_NODE_STARTUP_H
#define SEBEZ_NODE_STARTUP_H

#include "node/config.h"

/* URLs, on standard output. */
void startup_announce(const struct config *config, int port);

#endif
