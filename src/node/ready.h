/*
 * ready: `sebez ready` asks the server of SEBEZ_LISTEN whether it can serve (/readyz), as the
 * health check of a container.
 */
#ifndef SEBEZ_NODE_READY_H
#define SEBEZ_NODE_READY_H

#include "node/config.h"

/* Prints the answer. Returns the exit status: 0 when the server is ready. */
int ready_main(const struct config *config);

#endif
