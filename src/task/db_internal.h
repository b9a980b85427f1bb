/* db_internal: the definition of struct db, for the files of task/ only. */
#ifndef SEBEZ_TASK_DB_INTERNAL_H
#define SEBEZ_TASK_DB_INTERNAL_H

#include "base/trace.h"
#include "task/db.h"
#include "task/rows_internal.h"

enum db_mode {
	DB_SINGLE, /* each statement at once, in its own transaction */
	DB_BATCH,  /* statements collect until db_run */
	DB_TX,     /* each statement at once, in the transaction of a lease */
	DB_CHAIN,  /* statements collect until db_run, in the transaction of a lease */
};

struct db_hook {
	struct db_hook *next;
	db_commit_fn *run;
	void *arg;
};

struct db {
	struct task *task;
	enum db_mode mode;
	enum pg_role role;
	struct pg_lease *lease; /* DB_TX while it is open; a chain uses its tx's */
	struct db *tx;          /* DB_CHAIN */
	struct db *next_open;   /* DB_TX: the task's other open transactions */
	struct db *open;        /* of task->db only: open transactions */
	struct pg_batch *batch; /* collecting; NULL when empty */
	struct db_hook *before; /* its commit; of batches and transactions */
	struct db_hook *after;
	struct rows
	    *promises[LIMIT_PG_BATCH]; /* parallel to batch->items; NULL for statements of task/ */
};

/* Rolls back open transactions of the task. Called when its body has returned or the task was
 * ended. */
void db_task_done(struct task *task);

/* Runs the `collect` hooks of the commit of db, which add statements to `last`. Each runs once. */
void db_run_before(struct db *db, struct db *last);
void db_run_after(struct db *db);

enum pg_role db_role_of(enum actor_kind kind);

/* Adds one statement to the batch of db; rows NULL when its result is not read. */
void db_collect(struct db *db, const struct pg_statement *statement, struct rows *rows,
                const struct pg_param params[]);

/* The envelope: adds the statement that sets the actor, when the role needs it. */
void db_envelope(struct db *db);

extern const struct pg_statement DB_BEGIN_STATEMENT;
extern const struct pg_statement DB_COMMIT_STATEMENT;

/* A round trip as a span of the trace that the fiber works for (net/spans.h). */
struct db_trip {
	struct trace trace;
	int64_t begin_us;
};
void db_trip_begin(struct db_trip *ret);
/* result: of pg_run */
void db_trip_end(const struct db_trip *trip, enum pg_role role, const struct pg_batch *batch,
                 int result);

/* Refusals that a caller may want to handle: class SB and unique violations. */
bool db_error_is_refusal(const struct pg_error *error);
bool db_error_is_transient(const struct pg_error *error); /* deadlock, serialization failure */
_Noreturn void db_error_end(struct task *task, const struct pg_error *error);
/* -EAGAIN, -EHOSTDOWN, -ETIMEDOUT, -EPIPE, -EINPROGRESS of pg. */
_Noreturn void db_error_end_status(struct task *task, int status);

#endif
