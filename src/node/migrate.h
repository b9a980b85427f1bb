/*
 * migrate: brings the database to the schema that this program was built with.
 *
 * The files are inside the program (node/embedded_schema.h). A fresh database is laid whole, in one
 * transaction. One that is there gets the migrations that it lacks, each in one transaction, in the
 * order of their names; then files of functions, each again whenever it has changed: they only
 * replace functions. What was applied is kept in sebez_migration with a hash; a migration that has
 * changed since is refused.
 *
 * A database that a newer version has migrated is left as it is, and refused; so is one of another
 * development version, from which no migration leads to this program's schema.
 */
#ifndef SEBEZ_NODE_MIGRATE_H
#define SEBEZ_NODE_MIGRATE_H

#include "node/config.h"
#include "node/secret.h"
#include "node/services.h"

/* What is done when the roles' passwords were made from another secret, or the functions are those
 * of a newer version that has no migrations beyond ours. */
enum migrate_for {
	MIGRATE_FOR_TOOL,   /* refuses both, and to make a new marketplace */
	MIGRATE_FOR_SERVE,  /* sets the passwords and says so; refuses newer functions */
	MIGRATE_FOR_ITSELF, /* `sebez migrate`: sets the passwords in any case, puts ours in place
	                     */
};

/* Waits while another one migrates, until services_stop_asked(). Says what went wrong and returns
 * -errno. */
int migrate(const struct config *config, const struct services *services,
            const struct secret *secret, enum migrate_for purpose)
    __attribute__((warn_unused_result));

#endif
