/*
 * supervisor: `sebez serve`. Starts the services and the processes of a server, replaces what dies,
 * reloads without losing a request, and takes all of it down again.
 *
 *   SIGTERM, SIGINT  drains and stops; a second one hurries
 *   SIGHUP           replaces the api processes one by one, and the jobs process
 */
#ifndef SEBEZ_NODE_SUPERVISOR_H
#define SEBEZ_NODE_SUPERVISOR_H

#include "node/config.h"

/* Returns the exit status of the program. */
int supervise(const struct config *config);

/* Asks the running server of this data folder to reload. Returns an exit status. */
int supervisor_reload(const struct config *config);

#endif
