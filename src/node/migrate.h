/*
 * migrate: brings the database to the schema that this program was built with.
 *
 * The files are embedded in the program (node/embedded_schema.h). A fresh database gets the whole
 * schema in one transaction. An existing one gets its missing migrations in order of their names,
 * each in one transaction; then every function file that has changed since it was applied: these
 * only replace functions. Applied files are recorded in sebez_migration with a hash; a migration
 * that has changed since is refused.
 *
 * A database that a newer version has migrated is left unchanged and refused; so is one of another
 * development version, from which no migration leads to this program's schema.
 */
#ifndef SEBEZ_NODE_MIGRATE_H
#define SEBEZ_NODE_MIGRATE_H

#include "node/config.h"
#include "node/secret.h"
#include "node/services.h"

/* Behaviour when the role passwords were derived from another secret, or the functions are those of
 * a newer version that has no migrations beyond this program's. */
enum migrate_for {
	MIGRATE_FOR_TOOL,   /* refuses both, and does not create a new marketplace */
	MIGRATE_FOR_SERVE,  /* sets the passwords and prints so; refuses newer functions */
	MIGRATE_FOR_ITSELF, /* `sebez migrate`: always sets the passwords, replaces the functions */
};

/* Waits while another process migrates, until services_stop_asked(). Prints the error and returns
 * -errno on failure. */
int migrate(const struct config *config, const struct services *services,
            const struct secret *secret, enum migrate_for purpose)
    __attribute__((warn_unused_result));

/* Only sets the passwords of the roles, while no other process migrates. */
int migrate_passwords(const struct services *services, const struct secret *secret)
    __attribute__((warn_unused_result));

#endif
