/*
 * readiness: whether this api process can serve, as /readyz says it. One probe of the database runs
 * at a time, on a fiber of its own, and whoever asks waits for it only so long: a database that
 * hangs holds up nobody, and a crowd that asks costs one statement.
 *
 * Some seconds after the last time, asking also tries a new connection with the functions of
 * extensions that requests call: sessions that are open may go on working when no new one does.
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

/* Whether the database answers by then, and new connections did when last tried. Suspends the
 * fiber. */
bool readiness_ask(int64_t deadline_ms) __attribute__((warn_unused_result));

#endif
