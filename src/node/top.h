/*
 * top: a live view of the server at SEBEZ_LISTEN, from its /metrics.
 */
#ifndef SEBEZ_NODE_TOP_H
#define SEBEZ_NODE_TOP_H

#include <stdbool.h>

#include "node/config.h"

/* Refreshes the screen until it is ended by a signal; without a terminal, or once, prints one view
 * of the last second. Returns an exit status. */
int top_main(const struct config *config, bool once);

#endif
