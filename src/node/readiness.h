/*
 * readiness: whether this api process can serve, as /readyz says it. One probe of the database runs
 * at a time, on a fiber of its own, and whoever asks waits for it only so long: a database that
 * hangs holds up nobody, and a crowd that asks costs one statement.
 */
#ifndef SEBEZ_NODE_READINESS_H
#define SEBEZ_NODE_READINESS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"

/* Once per process, from the loop. */
void readiness_start(struct pg_pool *pool);

/* Whether the database answers by then. Suspends the fiber. */
bool readiness_ask(int64_t deadline_ms) __attribute__((warn_unused_result));

#endif
