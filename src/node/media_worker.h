/*
 * media_worker: a process that examines and decodes files (src/media/protocol.h), from the side of
 * the media process: starts it, exchanges messages with it, and kills it.
 *
 * A worker may die or hang at any time, and what it sends is not trusted.
 */
#ifndef SEBEZ_NODE_MEDIA_WORKER_H
#define SEBEZ_NODE_MEDIA_WORKER_H

#include <stdint.h>

#include "media/protocol.h"

struct media_worker;

/* Opens a worker's program in the folder of `sebez`, so that a user without access to the folder
 * can run it. Returns a descriptor or -errno. */
int media_worker_open(const char *sebez, const char *program) __attribute__((warn_unused_result));

/* Starts a process from the descriptor MEMBER_FD_WORKER. It sends READY first. */
int media_worker_start(struct media_worker **ret) __attribute__((warn_unused_result));

/* Kills the process, if it lives, and frees the worker. Returns its wait status. */
int media_worker_end(struct media_worker *worker);

/* -errno when the worker is dead. The descriptor stays the caller's. */
int media_worker_send(struct media_worker *worker, const struct media_request *request,
                      int original) __attribute__((warn_unused_result));

/*
 * media_worker_receive: the next answer, which is valid. Suspends the fiber.
 *
 *   request  the one that it answers; NULL: READY is expected
 *   ret_fd   a rendition's bytes, the caller's; else -1
 *   returns  0, -ETIMEDOUT at the deadline, -EPIPE when the worker is dead, -EBADMSG when it broke
 *            the rules
 */
int media_worker_receive(struct media_worker *worker, const struct media_request *request,
                         int64_t deadline_ms, struct media_answer *ret, int *ret_fd)
    __attribute__((warn_unused_result));

#endif
