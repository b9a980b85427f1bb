/*
 * embedded_redis: a private Redis or Valkey on a socket. It keeps nothing on disk: it holds only
 * what may be lost.
 */
#ifndef SEBEZ_NODE_EMBEDDED_REDIS_H
#define SEBEZ_NODE_EMBEDDED_REDIS_H

#include <stdbool.h>
#include <sys/types.h>

#include "node/place.h"

/* Ends what an earlier start left running. */
void embedded_redis_prepare(const struct place *place);
/* Says what went wrong and returns -errno. */
int embedded_redis_spawn(const struct place *place, pid_t *ret) __attribute__((warn_unused_result));
void embedded_redis_stop(pid_t pid);
bool embedded_redis_answers(const struct place *place); /* PING, PONG */

#endif
