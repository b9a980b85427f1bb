/*
 * db: database access of a task. Statements are the functions that the generator makes from the
 * areas' .sql files; each takes a struct db as its first argument:
 *
 *   db_of(task)       each statement on its own: one round trip, one implicit transaction
 *   db_batch(task)    statements collect; db_run sends them as ONE implicit transaction in one
 *                     round trip. Their rows may be read after db_run.
 *   db_begin(task)    a transaction on a leased connection, for reading before writing;
 *                     statements run at once, one round trip each. db_commit ends it. A task that
 *                     is ended, or returns without db_commit, rolls it back.
 *   db_chain(tx)      statements collect within tx and go with db_run in one round trip.
 *
 * Every transaction carries the actor: its first statement is the envelope (act_as_customer,
 * act_as_staff, ... in db/), which checks that the session is valid, the account is not locked and
 * the staff role allows the operation, and then sets sebez.account, sebez.vendor, ... for Row Level
 * Security, local to the transaction. db_envelope() in db_envelope.c sets the envelope.
 *
 * No function returns an error. Failures end the task:
 *   - no connection, queue full, outcome unknown       503 with Retry-After
 *   - SQLSTATE of class SB (raised by the areas' SQL)   the problem registered for it (db_error.h)
 *   - unique violation                                  409 already_exists
 *   - foreign key or not-null violation of an id        404
 *   - serialization failure or deadlock                 retried by db_run for batches; else 503,
 *                                                       marked as transient
 *   - an outdated plan, after a migration              the same
 *   - the database is read-only                        503 with Retry-After
 *   - anything else                                     500, logged with statement and message
 *
 * All of these may suspend, except db_of, db_batch and db_chain.
 */
#ifndef SEBEZ_TASK_DB_H
#define SEBEZ_TASK_DB_H

#include "store/pg.h"
#include "task/task.h"

struct db;
struct rows;

void db_setup(struct pg_pool *const pools[PG_ROLE_COUNT]); /* once per process */
struct pg_pool *db_pool(enum pg_role role);

struct db *db_of(struct task *task);
struct db *db_as(struct task *task,
                 enum pg_role role); /* as db_of, in a role other than the actor's */
struct db *db_batch(struct task *task);
struct db *db_begin(struct task *task);
struct db *db_begin_as(struct task *task, enum pg_role role);
struct db *db_chain(struct db *tx);
void db_run(struct db *batch_or_chain);
void db_commit(struct db *tx);
/* Runs the statements of a batch in a transaction that stays open: the batch becomes one of
 * db_begin. */
void db_hold(struct db *batch);
/* Ends any kind: runs a batch or chain, commits a transaction. For web/reply. */
void db_finish(struct db *db);
bool db_is_actors(const struct db *db); /* true unless it was given another role */
struct task *db_task(const struct db *db);
/* Whether the task has its own open transaction (db_begin). Code that calls external systems
 * asserts that it has none. */
bool db_has_transaction(const struct task *task);

/*
 * Commit hooks. `collect` runs when a batch or transaction is about to be sent for its commit, with
 * a db that takes its last statements: they go in the same round trip as the commit. `done` runs
 * after the commit succeeded, not when it failed or its outcome is unknown; it must not suspend. db
 * is a batch, a transaction, or a chain of one, which shares the hooks of its transaction.
 */
typedef void db_commit_fn(struct db *db, void *arg);
void db_before_commit(struct db *db, db_commit_fn *collect, void *arg);
void db_on_commit(struct db *db, db_commit_fn *done, void *arg);
/* The arg with which `collect` was registered here, or NULL. */
void *db_commit_arg(const struct db *db, db_commit_fn *collect);

/* db_try_run: as db_run, but returns the database's refusal instead of ending the task, when it is
 * of class SB or a unique violation. NULL on success. */
const struct pg_error *db_try_run(struct db *batch_or_chain);
const struct pg_error *db_try_finish(struct db *db); /* the same for db_finish */
/* Ends the task with a refusal of the two, as db_run does. */
_Noreturn void db_end_refused(struct db *db, const struct pg_error *refusal);

/* For generated code: sends or collects one statement. The number of rows is checked against
 * `expect`. */
enum rows_expected { ROWS_NONE, ROWS_ONE, ROWS_MAYBE, ROWS_MANY };
struct rows *db_statement(struct db *db, const struct pg_statement *statement,
                          enum rows_expected expect, const struct pg_param params[]);

#endif
