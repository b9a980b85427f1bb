/*
 * supervisor: `sebez serve`. Starts the services and the processes of a server, replaces what dies,
 * reloads without losing a request, and takes all of it down again.
 *
 *   SIGTERM, SIGINT  drains and stops; a second one hurries
 *   SIGHUP           replaces the api processes one by one, and the jobs process
 *
 * When the terminal that it was started from is closed it stops, whatever signals come of that:
 * shells send a SIGHUP that looks like everybody's (node/terminal.h).
 */
#ifndef SEBEZ_NODE_SUPERVISOR_H
#define SEBEZ_NODE_SUPERVISOR_H

#include "node/config.h"

/* Returns the exit status of the program. */
int supervise(const struct config *config);

#endif
