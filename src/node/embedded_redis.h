/*
 * embedded_redis: a private Redis or Valkey on a socket. No persistence: it holds only data that
 * may be lost.
 */
#ifndef SEBEZ_NODE_EMBEDDED_REDIS_H
#define SEBEZ_NODE_EMBEDDED_REDIS_H

#include <stdbool.h>
#include <sys/types.h>

#include "node/data_folder.h"

/* Stops a process left over from an earlier start. */
void embedded_redis_prepare(const struct data_folder *data_folder);
/* Prints the error and returns -errno on failure. */
int embedded_redis_spawn(const struct data_folder *data_folder, pid_t *ret)
    __attribute__((warn_unused_result));
void embedded_redis_stop(pid_t pid);
bool embedded_redis_answers(const struct data_folder *data_folder); /* PING gets PONG */

#endif
