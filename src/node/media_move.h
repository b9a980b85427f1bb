/* media_move: `sebez media move`, which copies objects from one store to the other while servers
 * run. */
#ifndef SEBEZ_NODE_MEDIA_MOVE_H
#define SEBEZ_NODE_MEDIA_MOVE_H

#include "node/config.h"

/* to: "s3" or "folder". Copies what the other store has and this one lacks, so it may be cut off
 * and run again. Deletes nothing in the source. Prints counts; returns an exit status. */
int media_move_main(const struct config *config, const char *to);

#endif
