/*
 * examine: one request, from its bytes to its answers, but for the last of them.
 */
#ifndef SEBEZ_MEDIA_EXAMINE_H
#define SEBEZ_MEDIA_EXAMINE_H

#include "media/protocol.h"

/* Where answers go. */
struct examine_sink {
	void (*facts)(const struct media_request *request, const struct media_facts *facts);
	void (*rendition)(const struct media_request *request,
	                  const struct media_rendition *rendition, const void *bytes);
};

/* 0 where all went well. request->bytes > 0. */
enum media_failure examine(const struct media_request *request, const uint8_t *bytes,
                           const struct examine_sink *sink);

#endif
