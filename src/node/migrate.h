/*
 * migrate: brings the database to the schema that this program was built with.
 *
 * The files of db/migrations are inside the program (tools/embed.py), each runs once, in one
 * transaction, in the order of their names; what was applied is kept in sebez_migration with a
 * hash, and a file that has changed since is refused. The files of db/functions come after them,
 * each again whenever it has changed: they only replace functions.
 */
#ifndef SEBEZ_NODE_MIGRATE_H
#define SEBEZ_NODE_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "node/secret.h"
#include "node/services.h"

/* Waits while another one migrates. `thorough` also sets the roles' passwords when nothing seems
 * to have changed. Says what went wrong and returns -errno. */
int migrate(const struct services *services, const struct secret *secret, bool thorough)
    __attribute__((warn_unused_result));

#endif
