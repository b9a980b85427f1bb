/*
 * pg_names: the addresses of the hosts that a conninfo names, looked up anew for each connection,
 * for a name may lead elsewhere after a failover, and without libpq, which would stop the loop.
 */
#ifndef SEBEZ_STORE_PG_NAMES_H
#define SEBEZ_STORE_PG_NAMES_H

#include <stdbool.h>

struct pg_names;

/* NULL when there is nothing to look up: sockets and addresses only, or a text that libpq will
 * refuse. */
struct pg_names *pg_names_new(const char *conninfo);
void pg_names_free(struct pg_names *names); /* NULL is fine */

/* Called once, never within pg_names_look_up. Reason NULL: there are addresses. */
typedef void pg_names_done_fn(void *arg, const char *reason);

/* Looks all of them up. A name that is not found keeps the addresses that it had before. */
void pg_names_look_up(struct pg_names *names, pg_names_done_fn *done, void *arg);
/* The resolver takes too long: goes on as if it had not found the present one. */
void pg_names_hurry(struct pg_names *names);
void pg_names_cancel(struct pg_names *names); /* done is not called any more */

/* libpq's host, hostaddr and port, lists of the same length: one element for each address,
 * beginning with another one each `turn`, so that one that swallows packets is not always first. */
struct pg_names_lists {
	char hosts[4096], addresses[1024], ports[256];
};
void pg_names_lists(const struct pg_names *names, unsigned turn, struct pg_names_lists *ret);

#endif
