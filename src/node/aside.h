/*
 * aside: blocking work in a process of its own, for a bounded time. A folder on a mount that hangs
 * would hang whoever opens it.
 */
#ifndef SEBEZ_NODE_ASIDE_H
#define SEBEZ_NODE_ASIDE_H

#include <stddef.h>

/* Fills what `arg` points to, and may open a descriptor for the caller. Returns 0 or -errno. */
typedef int aside_fn(void *arg, int *ret_fd);

/*
 * Runs work(arg) in a child made by fork, and copies the `size` bytes of arg back when it has
 * succeeded. For processes with one thread. ret_fd: the descriptor, -1 when it opened none; NULL:
 * it must open none.
 *
 * Returns what work returned; -ETIMEDOUT when it has not ended in time: then it is killed, and
 * further work is refused until it has died.
 */
int aside_run(aside_fn *work, void *arg, size_t size, int timeout_ms, int *ret_fd)
    __attribute__((warn_unused_result));

#endif
