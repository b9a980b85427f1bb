/*
 * supervisor: `sebez serve`. Starts the services and the processes of a server, restarts processes
 * that die, reloads without losing a request, and stops everything on exit.
 *
 *   SIGTERM, SIGINT  drains and stops; a second one stops at once
 *   SIGHUP           replaces the api processes one by one, then the others
 *
 * When the terminal it was started from is closed, the server stops, whatever signals that causes:
 * the SIGHUP that shells send is indistinguishable from a reload request (node/terminal.h).
 */
#ifndef SEBEZ_NODE_SUPERVISOR_H
#define SEBEZ_NODE_SUPERVISOR_H

#include "node/config.h"

/* Returns the exit status of the program. */
int supervise(const struct config *config);

#endif
