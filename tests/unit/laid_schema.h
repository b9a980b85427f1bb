/*
 * laid_schema: the schema of all areas, in a database that a test has to itself.
 */
#ifndef SEBEZ_TESTS_LAID_SCHEMA_H
#define SEBEZ_TESTS_LAID_SCHEMA_H

#include <libpq-fe.h>

/* 0, or -1 after saying what failed. */
int lay_schema(PGconn *connection);

#endif
