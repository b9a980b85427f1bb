/*
 * answer: what a worker sends. A socket that is closed ends the program: nobody waits.
 */
#ifndef SEBEZ_MEDIA_ANSWER_H
#define SEBEZ_MEDIA_ANSWER_H

#include "media/protocol.h"

void answer_ready(bool landlock);
void answer_facts(const struct media_request *request, const struct media_facts *facts);

/* rendition->bytes of `bytes`. */
void answer_rendition(const struct media_request *request, const struct media_rendition *rendition,
                      const void *bytes);

/* The last one: failure 0 is success. */
void answer_end(const struct media_request *request, enum media_failure failure, bool replace);

#endif
