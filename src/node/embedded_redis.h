/*
 * embedded_redis: a private Redis or Valkey on a socket. It keeps nothing on disk: it holds only
 * what may be lost.
 */
#ifndef SEBEZ_NODE_EMBEDDED_REDIS_H
#define SEBEZ_NODE_EMBEDDED_REDIS_H

#include <stdbool.h>
#include <sys/types.h>

#include "node/data_folder.h"

/* Ends what an earlier start left running. */
void embedded_redis_prepare(const struct data_folder *data_folder);
/* Says what went wrong and returns -errno. */
int embedded_redis_spawn(const struct data_folder *data_folder, pid_t *ret)
    __attribute__((warn_unused_result));
void embedded_redis_stop(pid_t pid);
bool embedded_redis_answers(const struct data_folder *data_folder); /* PING, PONG */

#endif
