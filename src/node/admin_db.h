/*
 * admin_db: a connection of the login that may migrate. It blocks: for the supervisor and for
 * tools.
 */
#ifndef SEBEZ_NODE_ADMIN_DB_H
#define SEBEZ_NODE_ADMIN_DB_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "node/services.h"

/* Logs in; may_make: also makes the embedded cluster's database when it is not there yet. Says what
 * went wrong and returns -errno. */
int admin_db_open(const struct services *services, bool may_make, PGconn **ret)
    __attribute__((warn_unused_result));

bool admin_db_succeeded(const PGresult *result);

/* Runs one text. Says what the database refused and returns -errno. */
int admin_db_run(PGconn *conn, const char *text) __attribute__((warn_unused_result));
/* The same for a statement that gives rows; *ret is for PQclear. */
int admin_db_ask(PGconn *conn, const char *text, PGresult **ret)
    __attribute__((warn_unused_result));

#endif
