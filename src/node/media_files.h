/*
 * media_files: the routes /media/… (api/node.yaml), by which clients send and read objects
 * (store/objects.h) with links that S3 would take too.
 */
#ifndef SEBEZ_NODE_MEDIA_FILES_H
#define SEBEZ_NODE_MEDIA_FILES_H

#include "store/objects.h"

void media_files_start(struct objects *objects); /* once per api process */

/* Scheme and host where clients send files to, when that is not this server; else NULL. */
const char *media_files_store(struct arena *arena);

#endif
