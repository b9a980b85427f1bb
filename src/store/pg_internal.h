/*
 * pg_internal: connections and pools, for the files of store/ only.
 *
 * pg_conn.c     a connection's life: its states, its socket, its end
 * pg_segment.c  what travels on it: segments (a batch and its Sync), prepared statements
 * pg_names.c    where the hosts that it names are
 * pg_knock.c    whether a silent server is still there
 * pg_timeline.c whether another server has taken over
 * pg_pool.c     who gets which connection, and when another is opened
 * pg_lease.c    connections that belong to one task
 */
#ifndef SEBEZ_STORE_PG_INTERNAL_H
#define SEBEZ_STORE_PG_INTERNAL_H

#include <stdint.h>
#include <uv.h>

#include "store/outage.h"
#include "store/pg.h"

struct co;
struct pg_names;
struct pg_names_lists;

enum pg_conn_state {
	PG_CONN_DOWN,
	PG_CONN_CONNECTING,
	PG_CONN_READY,    /* shared: accepts batches; leased: idle */
	PG_CONN_LEASED,   /* belongs to a task */
	PG_CONN_BROKEN,   /* belongs to a task, but the connection is lost */
	PG_CONN_CLEANING, /* rolls back what a task left open */
	PG_CONN_STATE_COUNT,
};

enum pg_batch_state { PG_BATCH_QUEUED, PG_BATCH_SENT, PG_BATCH_DONE };

/* What was sent up to one Sync. */
struct pg_segment {
	struct pg_batch *batch; /* NULL: our own rollback, or abandoned */
	bool is_slow;           /* nothing is sent behind it */
	bool orphaned;          /* abandoned by its waiter */
	uint64_t sequence;      /* of this connection, from 1 */
	uint32_t prepares;      /* bit i: item i is preceded by its Parse */
	int at;                 /* index of the item whose result comes next */
	bool preparing;         /* the next result is that of its Parse */
	bool failed;            /* batch->error has the first error */
	bool stale_plan;        /* failed because a result type has changed */
};

struct pg_lease {
	struct pg_conn *conn;
};

/* A uv_poll_t outlives the socket it watched by one turn of the loop, so it is apart. */
struct pg_watch {
	uv_poll_t poll;
	struct pg_conn *conn; /* NULL when the connection has released it */
};

struct pg_conn {
	struct pg_pool *pool;
	bool is_leased; /* of which kind */
	enum pg_conn_state state;
	PGconn *pg;
	struct pg_watch *watch;
	int events;                                 /* that the watch waits for */
	struct pg_segment segments[LIMIT_PG_DEPTH]; /* a ring, oldest at `first` */
	unsigned first, count;
	uint64_t sequence;
	/* By statement number: the sequence of the segment that prepared it, 0 when none has. It is
	 * set when the Parse is sent and taken back when it failed or was skipped. */
	uint64_t *prepared;
	size_t prepared_size;
	bool tried_other;    /* password, in this attempt */
	bool asks_timeline;  /* before it is ready */
	uint32_t timeline;   /* of the server; 0: unknown */
	bool has_result;     /* the current command has given its result; its NULL comes next */
	bool retiring;       /* takes no more batches; reopened when those sent are done */
	bool dirty;          /* something waits to be flushed */
	int64_t heard_ms;    /* last sign of life, or when one was first expected */
	int64_t answered_ms; /* last sign of life */
	int64_t opened_ms;
	struct pg_lease lease;
};

struct pg_lease_waiter {
	struct co *co;
	struct pg_conn *conn; /* the connection assigned to it */
	int status;           /* 1 while it waits */
	struct pg_lease_waiter *next;
};

struct pg_pool {
	enum pg_role role;
	char *conninfo;
	char *password_previous; /* NULL: there is none */
	bool uses_previous;      /* in the next attempt */
	struct pg_names *names;  /* NULL: no host names to look up */
	int statement_timeout_ms;
	unsigned shared_max, leased_max;
	struct pg_conn *conns; /* shared ones, then leased ones */
	struct pg_conn knock;  /* looks at a server, see pg_knock.c and pg_timeline.c */
	int64_t knocked_ms;
	struct pg_batch *queue_first, **queue_last;
	struct pg_lease_waiter *leases_first, **leases_last;
	unsigned lease_waiters;
	bool connecting;   /* one attempt at a time */
	unsigned failures; /* consecutive failed attempts */
	unsigned turn;     /* with which address an attempt begins; another one after a failure */
	int64_t retry_ms;  /* no attempt before */
	bool touched;      /* there is something to do before the loop sleeps */
	struct outage outage;
	struct pg_stats stats;
	struct pg_pool *next;
};

/* pg_conn.c */
void pg_conn_set_state(struct pg_conn *conn, enum pg_conn_state state);
void pg_conn_open(struct pg_conn *conn);
void pg_conn_open_at(struct pg_conn *conn, const struct pg_names_lists *lists);
void pg_conn_flush(struct pg_conn *conn); /* also reads pending input; may lose the connection */
void pg_conn_watch(struct pg_conn *conn, int events);
/* The connection is lost: fails or resends its batches. */
void pg_conn_lost(struct pg_conn *conn);
void pg_conn_give_up(struct pg_conn *conn); /* one that is not open yet */
void pg_conn_check_silence(struct pg_conn *conn, int64_t now_ms);
bool pg_conn_is_awaited(const struct pg_conn *conn); /* somebody waits for what was sent on it */
/* The waiter of this sent batch has given up. */
void pg_conn_orphan(struct pg_batch *batch);

/* pg_segment.c */
/* Appends the batch and a Sync, unflushed. -EIO: nothing of it can have taken effect. */
int pg_segment_send(struct pg_conn *conn, struct pg_batch *batch);
void pg_segment_send_rollback(struct pg_conn *conn);
/* Forgets the batch; its results are discarded. */
void pg_segment_orphan(struct pg_conn *conn, struct pg_batch *batch);
/* Reads the available results. False when the connection must be closed. */
bool pg_segment_read(struct pg_conn *conn);
void pg_segment_clear_results(struct pg_batch *batch);
void pg_error_fill(struct pg_error *error, const PGresult *result, const char *statement);
bool pg_error_is_fatal(const PGresult *result);

/* pg_knock.c */
void pg_knock_lists(PGconn *at, struct pg_names_lists *ret); /* the one server of a connection */
void pg_knock_tick(struct pg_pool *pool, int64_t now_ms);
void pg_knock_unanswered(struct pg_pool *pool);

/* pg_timeline.c */
bool pg_timeline_matters(const struct pg_pool *pool);
bool pg_timeline_ask(struct pg_conn *conn);  /* sends; false: the connection is lost */
bool pg_timeline_read(struct pg_conn *conn); /* false: the answer is not complete yet */
bool pg_timeline_is_outdated(const struct pg_conn *conn);
/* When it is the highest so far, connections of lower ones are lost in all of the pools. */
void pg_timeline_seen(struct pg_pool *pools, uint32_t timeline);
void pg_timeline_tick(struct pg_pool *pool, int64_t now_ms);

/* pg_pool.c */
struct pg_pool *pg_pool_first(void);
void pg_pool_touch(struct pg_pool *pool);
void pg_pool_requeue(struct pg_pool *pool, struct pg_batch *batch); /* at the front */
void pg_pool_opened(struct pg_pool *pool);
void pg_pool_open_failed(struct pg_pool *pool, const char *reason);
/* Closes the connections opened before as soon as they are idle: at once, or by retiring them.
 * `current`, which is being read, is only retired. */
void pg_pool_retire(struct pg_pool *pool, struct pg_conn *current, bool shared_too,
                    int64_t opened_before_ms);
void pg_batch_done(struct pg_batch *batch, int status);
bool pg_batch_is_late(const struct pg_batch *batch);

/* pg_lease.c */
void pg_lease_serve(struct pg_pool *pool); /* assigns idle connections to waiters */
void pg_lease_fail_all(struct pg_pool *pool, int status);
bool pg_pool_open_one(struct pg_pool *pool, bool is_leased); /* false when none may be opened */

#endif
