/*
 * examine: one request, from its bytes to its answers, but for the last of them.
 */
#ifndef SEBEZ_MEDIA_EXAMINE_H
#define SEBEZ_MEDIA_EXAMINE_H

#include "media/protocol.h"

/* Sends facts and renditions; 0 where all went well. request->bytes > 0. */
enum media_failure examine(const struct media_request *request, const uint8_t *bytes);

#endif
