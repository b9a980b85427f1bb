/* pg_names: the addresses of the hosts in a conninfo, looked up anew for each connection, because a
 * name may point elsewhere after a failover. libpq's own lookup would block the loop, and it would
 * begin each attempt with the same server, even when that one does not answer. */
#ifndef SEBEZ_STORE_PG_NAMES_H
#define SEBEZ_STORE_PG_NAMES_H

#include <stdbool.h>

struct pg_names;

/* Returns NULL when there is nothing to choose: one socket or address, or a text that libpq will
 * reject. */
struct pg_names *pg_names_new(const char *conninfo);
void pg_names_free(struct pg_names *names); /* NULL is fine */
bool pg_names_are_several(const struct pg_names *names);
bool pg_names_need_look_up(const struct pg_names *names); /* false: all are sockets or addresses */

/* Called once, never within pg_names_look_up. Reason NULL: there are addresses. */
typedef void pg_names_done_fn(void *arg, const char *reason);

/* Looks all of them up. A name that is not found keeps its previous addresses. */
void pg_names_look_up(struct pg_names *names, pg_names_done_fn *done, void *arg);
/* The lookup takes too long: continues as if the current name was not found. */
void pg_names_hurry(struct pg_names *names);
void pg_names_cancel(struct pg_names *names); /* done is not called after this */

/* libpq's host, hostaddr and port, lists of the same length: one element for each address, starting
 * with another one each `turn`, so that an unresponsive one is not always first. */
struct pg_names_lists {
	char hosts[4096], addresses[1024], ports[256];
};
void pg_names_lists(const struct pg_names *names, unsigned turn, struct pg_names_lists *ret);

#endif
