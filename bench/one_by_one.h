/*
 * one_by_one: what a program does that holds the server against its own statements, one by one, as
 * pgbench would send them: one process per connection, libpq, blocking, prepared, one statement per
 * round trip.
 *
 *   PROGRAM CONNINFO CONNECTIONS SECONDS <LINES        lines of UUIDs
 *
 * What is to be done is made beforehand, and kept in memory; the clock runs while it is sent.
 * Prints one line {"rate", "orders", "failures", "statements"}; "orders" are what was done.
 */
#ifndef SEBEZ_BENCH_ONE_BY_ONE_H
#define SEBEZ_BENCH_ONE_BY_ONE_H

#include "base/uuid.h"
#include "task/db_internal.h"

enum { ONE_FIELDS_MAX = 3 };

struct one_by_one {
	const char *program;
	int fields; /* of a line */
	void *(*make)(const struct uuid line[]);
	bool (*act)(void *made); /* false when anything failed */
	long (*statements)(const void *made);
};

int one_by_one(const struct one_by_one *kind, int argc, char **argv);

PGresult *one_run(const struct pg_item *item);
void one_run_simple(const struct pg_statement *statement);
const char *one_error(void);
_Noreturn void one_die(const char *what, const char *why);

#endif
