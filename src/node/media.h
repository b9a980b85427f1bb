/*
 * media: the process that works on uploads (shop/media/process.h), with workers that examine files
 * (node/media_worker.h).
 */
#ifndef SEBEZ_NODE_MEDIA_H
#define SEBEZ_NODE_MEDIA_H

#include "node/config.h"

/* Runs until the process receives a stop signal. Returns an exit status. */
int media_main(const struct config *config, unsigned slot);

#endif
