/*
 * migrate_lay: the changes that migrate() makes: creates the whole schema in a fresh database, or
 * applies one file to an existing one. Private to node/migrate.
 */
#ifndef SEBEZ_NODE_MIGRATE_LAY_H
#define SEBEZ_NODE_MIGRATE_LAY_H

#include <libpq-fe.h>

#include "node/config.h"
#include "node/embedded_schema.h"

/* Creates the schema of all areas and the settings of a new marketplace in one transaction, and
 * records them in sebez_migration, which must exist. Prints the error and returns -errno on
 * failure. */
int migrate_lay(PGconn *conn, const struct config *config) __attribute__((warn_unused_result));

/* Applies and records a migration or function file in one transaction. Prints the error with the
 * file's name and line and returns -errno on failure. */
int migrate_apply(PGconn *conn, const struct embedded_file *file)
    __attribute__((warn_unused_result));

#endif
