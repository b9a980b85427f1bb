/*
 * admin_db: a blocking connection as the login that may migrate, for the supervisor and the tools.
 */
#ifndef SEBEZ_NODE_ADMIN_DB_H
#define SEBEZ_NODE_ADMIN_DB_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "node/services.h"

/* Connects. may_make: also creates the embedded cluster's database if it does not exist. Prints the
 * error and returns -errno on failure. */
int admin_db_open(const struct services *services, bool may_make, PGconn **ret)
    __attribute__((warn_unused_result));

bool admin_db_succeeded(const PGresult *result);

/* Runs one statement text. Prints the database's error and returns -errno on failure. */
int admin_db_run(PGconn *conn, const char *text) __attribute__((warn_unused_result));
/* The same for a statement that returns rows; free *ret with PQclear. */
int admin_db_ask(PGconn *conn, const char *text, PGresult **ret)
    __attribute__((warn_unused_result));

#endif
