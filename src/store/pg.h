/*
 * pg: PostgreSQL over libpq's pipeline mode, on our loop.
 *
 * The pool is the role: one pool per database role, with two kinds of connections. *Shared* ones
 * carry batches of many tasks at once, each batch one implicit transaction ending in one Sync;
 * batches submitted in one turn of the loop are distributed over the connections and flushed once.
 * *Leased* ones belong to one task at a time, for a transaction that reads before it writes. No
 * transaction is ever left open on a shared connection.
 *
 * Batches with a slow statement run one at a time on a connection, with no quick one behind it, and
 * on half of the shared connections only: the others are for quick ones.
 *
 * Statements are prepared on a connection when it first meets them, in the same flush.
 *
 * Failure: a lost connection is reopened with back-off and jitter, one attempt at a time, each of
 * which begins with another server when there are several; and a server that no longer answers any
 * of its connections, nor a new one, has lost them (pg_knock.c). Batches
 * not yet sent are redistributed. Batches already sent end with -EPIPE ("outcome unknown"), unless
 * they only read: those are sent again until their deadline. A full queue is -EAGAIN at once. While
 * there is no connection, waiting batches end with -EHOSTDOWN at their deadline, or at once when
 * the last attempt failed less than a back-off ago.
 */
#ifndef SEBEZ_STORE_PG_H
#define SEBEZ_STORE_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"

enum pg_role {
	PG_PUBLIC,   /* reads what is published */
	PG_AUTH,     /* accounts, sessions and nothing else */
	PG_CUSTOMER, /* a customer or guest: own cart, orders, addresses */
	PG_VENDOR,   /* staff: one vendor's rows */
	PG_ADMIN,
	PG_JOBS,
	PG_MEDIA, /* the media process: uploads to process and nothing else */
	PG_ROLE_COUNT,
};

extern const char *const PG_ROLE_NAMES[PG_ROLE_COUNT]; /* "sebez_public", ... */

/* A statement as the generator writes it. Texts with optional clauses are made per combination;
 * each combination is a statement of its own. Lives for the whole process. */
struct pg_statement {
	const char *name; /* unique; the prepared statement's name */
	const char *text; /* with $1, $2, ... */
	int param_count;
	const Oid *param_types;
	bool reads_only; /* may be resent when its connection is lost */
	unsigned number; /* dense index over all statements, for per-connection tables */
	bool is_slow;    /* may take long: no fast statement is sent behind it on a connection */
};

/* Numbers below this are for statements written by hand; the generator counts from here. */
enum { PG_STATEMENT_NUMBERS_BY_HAND = 64 };

/* A parameter in PostgreSQL's binary format; bytes NULL is SQL NULL. */
struct pg_param {
	const char *bytes;
	int length;
};

struct pg_item {
	const struct pg_statement *statement;
	struct pg_param params[LIMIT_PG_PARAMS];
	PGresult *result; /* in binary format; owned by the batch until it is moved out */
};

struct pg_error {
	char sqlstate[6];
	char message[256];   /* primary message */
	char detail[2048];   /* holds JSON of our own raise statements; "" when longer */
	char constraint[64]; /* constraint name, "" when none */
	char statement[64];  /* name of the statement that failed */
	/* The prepared statements of this connection are outdated: a retry prepares them anew. */
	bool stale;
};

struct pg_conn;

struct pg_batch {
	int count;
	struct pg_item *items[LIMIT_PG_BATCH]; /* in the caller's arena */
	struct pg_error error;                 /* valid after -EBADMSG */
	/* private to pg: */
	struct pg_batch *next;
	void *waiter;
	struct pg_conn *conn; /* the connection it was sent on */
	int64_t deadline_ms;
	int status;
	int state;
	bool is_slow; /* has a slow statement */
	int resends;  /* resends because a connection was lost */
	int heals;    /* resends because of outdated prepared statements */
};

bool pg_batch_reads_only(const struct pg_batch *batch);

struct pg_pool;
struct pg_lease;

struct pg_pool_options {
	const char *conninfo; /* key=value, including user and password; copied */
	/* Tried when the password of conninfo is refused; NULL: none. Copied. */
	const char *password_previous;
	unsigned shared_max; /* connections */
	unsigned leased_max;
	int statement_timeout_ms;
};

struct pg_pool *pg_pool_open(enum pg_role role, const struct pg_pool_options *options);
/* Opens another pool with the same login and one shared connection. */
struct pg_pool *pg_pool_open_beside(const struct pg_pool *pool);
/* Fails everything that waits for it. No lease may be in use. */
void pg_pool_close(struct pg_pool *pool);

/*
 * pg_run: sends the batch as one implicit transaction and suspends the fiber until it is done.
 *
 *   deadline_ms  when it returns at the latest; 0: never. A batch that was sent by then is
 * abandoned: its results are discarded, and its connection takes no more batches and is closed as
 * soon as no other batch waits for it. The caller's memory is never used after pg_run has returned.
 *   returns      0 (every item has its result), -EBADMSG (the database refused: batch->error),
 *                -EAGAIN (queue full), -EHOSTDOWN (no connection), -ETIMEDOUT (at the deadline;
 *                nothing was changed). Outcome unknown: -EPIPE (the connection died after
 *                sending), -EINPROGRESS (no answer by the deadline)
 */
int pg_run(struct pg_pool *pool, struct pg_batch *batch, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* A leased connection, from the pool or newly opened; suspends. Same errors. */
int pg_lease(struct pg_pool *pool, int64_t deadline_ms, struct pg_lease **ret)
    __attribute__((warn_unused_result));
/* Runs items on it (within whatever transaction is open there), one round trip: 0, -EBADMSG, -EPIPE
 * or -EINPROGRESS. After the last two the connection is unusable. */
int pg_lease_run(struct pg_lease *lease, struct pg_batch *batch, int64_t deadline_ms)
    __attribute__((warn_unused_result));
/* Returns it to the pool. An open transaction is rolled back; a broken connection is closed. */
void pg_release(struct pg_lease *lease);

struct pg_stats {
	unsigned connections, connections_max;
	unsigned queued, in_flight, leased;
	uint64_t batches, statements, errors, reconnects, resent;
};
struct pg_stats pg_stats(const struct pg_pool *pool);

#endif
