/*
 * migrate_lay: what migrate() does to a database: lays the whole schema in a fresh one, or applies
 * a file to one that is there. Private to node/migrate.
 */
#ifndef SEBEZ_NODE_MIGRATE_LAY_H
#define SEBEZ_NODE_MIGRATE_LAY_H

#include <libpq-fe.h>

#include "node/config.h"
#include "node/embedded_schema.h"

/* The schema of all areas and the settings of a new marketplace, in one transaction, noted in
 * sebez_migration, which exists. Says what went wrong and returns -errno. */
int migrate_lay(PGconn *conn, const struct config *config) __attribute__((warn_unused_result));

/* A migration or a file of functions, in one transaction, noted. Says what went wrong, with the
 * file's name and line, and returns -errno. */
int migrate_apply(PGconn *conn, const struct embedded_file *file)
    __attribute__((warn_unused_result));

#endif
