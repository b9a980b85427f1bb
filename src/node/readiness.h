/*
 * readiness: whether this api process can serve, for /readyz. One probe of the database runs at a
 * time, on its own fiber, and callers wait for it only until their deadline: a hanging database
 * blocks no caller, and many callers cost one statement.
 *
 * A call also starts a test of a new connection with the extension functions that requests call, if
 * the last test failed or is some seconds old: open sessions may keep working when new connections
 * fail.
 */
#ifndef SEBEZ_NODE_READINESS_H
#define SEBEZ_NODE_READINESS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"

/* Once per process, from the loop. */
void readiness_start(struct pg_pool *pool);

/* Before the pool is closed. */
void readiness_stop(void);

/* Whether the database answers before the deadline and the last test of a new connection succeeded.
 * Suspends the fiber. */
bool readiness_ask(int64_t deadline_ms) __attribute__((warn_unused_result));

#endif
