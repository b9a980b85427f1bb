#include "task/db.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "net/co.h"
#include "task/db_internal.h"

enum {
	ATTEMPTS_MAX = 5,       /* for a batch that a deadlock or conflict rolled back */
	LEASE_ATTEMPTS_MAX = 3, /* for begin, when an idle connection turns out to be dead */
	RETRY_DELAY_MS = 10,    /* grows with each attempt; half of it is random */
};

static struct pg_pool *role_pools[PG_ROLE_COUNT];

void db_setup(struct pg_pool *const pools[PG_ROLE_COUNT])
{
	memcpy(role_pools, pools, sizeof(role_pools));
}

struct pg_pool *db_pool(enum pg_role role)
{
	assert(role_pools[role] != NULL); /* this process has no pool for the role */
	return role_pools[role];
}

static struct db *db_new(struct task *task, enum db_mode mode, enum pg_role role)
{
	assert(role < PG_ROLE_COUNT);
	struct db *db = arena_alloc(task->arena, sizeof(*db));
	db->task = task;
	db->mode = mode;
	db->role = role;
	return db;
}

struct db *db_of(struct task *task)
{
	if (task->db == NULL)
		task->db = db_new(task, DB_SINGLE, db_role_of(task->actor.kind));
	/* The actor may become known later (at login); then the role changes. */
	task->db->role = db_role_of(task->actor.kind);
	return task->db;
}

struct db *db_as(struct task *task, enum pg_role role)
{
	return db_new(task, DB_SINGLE, role);
}

struct db *db_batch(struct task *task)
{
	return db_new(task, DB_BATCH, db_role_of(task->actor.kind));
}

struct db *db_begin(struct task *task)
{
	return db_begin_as(task, db_role_of(task->actor.kind));
}

struct db *db_chain(struct db *tx)
{
	assert(tx->mode == DB_TX && tx->lease != NULL);
	struct db *db = db_new(tx->task, DB_CHAIN, tx->role);
	db->tx = tx;
	return db;
}

struct task *db_task(const struct db *db)
{
	return db->task;
}

bool db_has_transaction(const struct task *task)
{
	return task->db != NULL && task->db->open != NULL;
}

void db_collect(struct db *db, const struct pg_statement *statement, struct rows *rows,
                const struct pg_param params[])
{
	struct arena *arena = db->task->arena;
	if (db->batch == NULL)
		db->batch = arena_alloc(arena, sizeof(*db->batch));
	struct pg_batch *batch = db->batch;
	assert(batch->count < LIMIT_PG_BATCH);
	assert(statement->param_count <= LIMIT_PG_PARAMS);

	struct pg_item *item = arena_alloc(arena, sizeof(*item));
	item->statement = statement;
	if (statement->param_count > 0)
		memcpy(item->params, params, (size_t)statement->param_count * sizeof(params[0]));
	db->promises[batch->count] = rows;
	batch->items[batch->count++] = item;
}

static void clear_results(void *arg)
{
	struct pg_batch *batch = arg;
	for (int i = 0; i < batch->count; i++)
		PQclear(batch->items[i]->result);
}

/* Assigns the results to their rows; unassigned ones are freed with the arena. All at once, because
 * the task may end here. */
static void deliver(struct db *db, struct pg_batch *batch)
{
	assert(batch->count <= LIMIT_PG_BATCH);
	arena_defer(db->task->arena, clear_results, batch);
	for (int i = 0; i < batch->count; i++)
		if (db->promises[i] != NULL)
			db->promises[i]->result = batch->items[i]->result;
}

static void check_expected(struct db *db, const struct rows *rows)
{
	if (rows->expect == ROWS_NONE || rows->expect == ROWS_MANY)
		return;
	size_t count = PQresultStatus(rows->result) == PGRES_TUPLES_OK ? rows_count(rows)
	                                                               : rows_affected(rows);
	if (count > 1)
		rows_bug(rows, -1, "gave more than one row");
	if (count == 0 && rows->expect == ROWS_ONE)
		task_end(db->task, PROBLEM_NOT_FOUND, "Not found.");
}

static void check_all_expected(struct db *db, const struct pg_batch *batch)
{
	for (int i = 0; i < batch->count; i++)
		if (db->promises[i] != NULL)
			check_expected(db, db->promises[i]);
}

static int send_once(struct db *db, struct pg_batch *batch)
{
	struct pg_lease *lease = db->mode == DB_CHAIN ? db->tx->lease : db->lease;
	struct db_trip trip;
	int r;
	db->task->statements += (unsigned)batch->count;
	db->task->round_trips++;
	db_trip_begin(&trip);
	if (db->mode == DB_TX || db->mode == DB_CHAIN) {
		assert(lease != NULL); /* used after db_commit */
		r = pg_lease_run(lease, batch, db->task->deadline_ms);
	} else {
		r = pg_run(db_pool(db->role), batch, db->task->deadline_ms);
	}
	db_trip_end(&trip, db->role, batch, r);
	return r;
}

/* True when its statements form a transaction of their own, outside a lease's. */
static bool is_transaction(const struct db *db)
{
	return db->mode == DB_SINGLE || db->mode == DB_BATCH;
}

/* A batch that a deadlock rolled back had no effect, so it is resent. Within a lease's transaction
 * the earlier statements were rolled back with it, so only the whole transaction can be retried, as
 * web/retry does. */
static int send(struct db *db, struct pg_batch *batch)
{
	bool repeatable = is_transaction(db);
	for (unsigned attempt = 1;; attempt++) {
		int r = send_once(db, batch);
		if (r != -EBADMSG || !repeatable || attempt == ATTEMPTS_MAX ||
		    !db_error_is_transient(&batch->error))
			return r;
		co_sleep_ms(RETRY_DELAY_MS * attempt / 2 +
		            randombytes_uniform(RETRY_DELAY_MS * attempt / 2 + 1));
	}
}

/* Returns the refusal when wants_refusal, NULL on success. */
static const struct pg_error *run(struct db *db, bool wants_refusal)
{
	if (db->mode == DB_BATCH)
		db_run_before(db, db);
	struct pg_batch *batch = db->batch;
	if (batch == NULL)
		return NULL;
	assert(batch->count > 0);
	db->batch = NULL;
	int r = send(db, batch);
	if (r == -EBADMSG) {
		if (wants_refusal && db_error_is_refusal(&batch->error))
			return &batch->error;
		db_error_end(db->task, &batch->error);
	}
	if (r < 0)
		db_error_end_status(db->task, r);
	db->task->has_written |= is_transaction(db) && !pg_batch_reads_only(batch);
	deliver(db, batch);
	if (db->mode == DB_BATCH)
		db_run_after(db);
	check_all_expected(db, batch);
	return NULL;
}

struct rows *db_statement(struct db *db, const struct pg_statement *statement,
                          enum rows_expected expect, const struct pg_param params[])
{
	struct rows *rows = arena_alloc(db->task->arena, sizeof(*rows));
	rows->statement = statement;
	rows->expect = expect;
	if (db->batch == NULL && (db->mode == DB_SINGLE || db->mode == DB_BATCH))
		db_envelope(db);
	db_collect(db, statement, rows, params);
	if (db->mode == DB_SINGLE || db->mode == DB_TX)
		(void)run(db, false); /* ends the task on failure */
	return rows;
}

void db_run(struct db *db)
{
	assert(db->mode == DB_BATCH || db->mode == DB_CHAIN);
	(void)run(db, false); /* ends the task on failure */
}

const struct pg_error *db_try_run(struct db *db)
{
	assert(db->mode == DB_BATCH || db->mode == DB_CHAIN);
	return run(db, true);
}

_Noreturn void db_end_refused(struct db *db, const struct pg_error *refusal)
{
	db_error_end(db->task, refusal);
}

/* Takes the transaction off the task's list and gives its connection back. */
static void tx_close(struct db *tx)
{
	assert(tx->lease != NULL);
	struct db **link = &tx->task->db->open;
	while (*link != tx)
		link = &(*link)->next_open;
	*link = tx->next_open;
	pg_release(tx->lease); /* rolls back an open transaction */
	tx->lease = NULL;
}

/* Sends its first batch, which begins with BEGIN, on a leased connection. Returns as pg does. */
static int tx_send_first(struct db *tx, struct pg_batch *batch)
{
	struct task *task = tx->task;
	assert(tx->mode == DB_TX && tx->lease == NULL);
	int r = pg_lease(db_pool(tx->role), task->deadline_ms, &tx->lease);
	if (r < 0)
		return r;
	tx->next_open = task->db->open;
	task->db->open = tx;
	r = send_once(tx, batch);
	if (r == -EBADMSG)
		db_error_end(task, &batch->error);
	if (r < 0)
		tx_close(tx);
	else
		deliver(tx, batch);
	return r;
}

static void tx_start(struct db *tx)
{
	struct pg_batch *batch = tx->batch;
	(void)db_of(tx->task); /* creates task->db, which has the list */
	tx->mode = DB_TX;
	tx->batch = NULL;
	int r = -EPIPE;
	for (int attempt = 0; attempt < LEASE_ATTEMPTS_MAX && r == -EPIPE; attempt++)
		r = tx_send_first(tx, batch);
	if (r < 0)
		db_error_end_status(tx->task, r);
	check_all_expected(tx, batch);
}

struct db *db_begin_as(struct task *task, enum pg_role role)
{
	struct db *tx = db_new(task, DB_TX, role);
	db_collect(tx, &DB_BEGIN_STATEMENT, NULL, NULL);
	db_envelope(tx);
	tx_start(tx);
	return tx;
}

void db_hold(struct db *db)
{
	assert(db->mode == DB_BATCH && db->batch != NULL);
	struct pg_batch *batch = db->batch;
	db_collect(db, &DB_BEGIN_STATEMENT, NULL, NULL);
	struct pg_item *begin = batch->items[batch->count - 1];
	size_t others = (size_t)batch->count - 1;
	memmove(batch->items + 1, batch->items, others * sizeof(batch->items[0]));
	memmove(db->promises + 1, db->promises, others * sizeof(db->promises[0]));
	batch->items[0] = begin;
	db->promises[0] = NULL;
	tx_start(db);
}

/* Returns the refusal when wants_refusal, NULL on success. */
static const struct pg_error *commit(struct db *tx, bool wants_refusal)
{
	assert(tx->mode == DB_TX && tx->lease != NULL && tx->batch == NULL);
	struct rows *rows = arena_alloc(tx->task->arena, sizeof(*rows));
	struct db *last = db_chain(tx);
	db_run_before(tx, last);
	rows->statement = &DB_COMMIT_STATEMENT;
	rows->expect = ROWS_NONE;
	db_collect(last, &DB_COMMIT_STATEMENT, rows, NULL);
	const struct pg_error *refusal = run(last, wants_refusal);
	if (refusal != NULL)
		return refusal;
	/* PostgreSQL answers ROLLBACK to the commit of a transaction that had failed before. */
	if (strcmp(PQcmdStatus(rows->result), "COMMIT") != 0)
		task_end_with(tx->task,
		              (struct problem){.code = PROBLEM_INTERNAL,
		                               .detail = "Internal error; it has been logged.",
		                               .log = "commit of a failed transaction"});
	tx->task->has_written = true;
	tx_close(tx);
	db_run_after(tx);
	return NULL;
}

void db_commit(struct db *tx)
{
	(void)commit(tx, false); /* ends the task on failure */
}

static const struct pg_error *finish(struct db *db, bool wants_refusal)
{
	if (db->mode == DB_TX)
		return commit(db, wants_refusal);
	if (db->mode == DB_BATCH || db->mode == DB_CHAIN)
		return run(db, wants_refusal);
	return NULL;
}

void db_finish(struct db *db)
{
	(void)finish(db, false); /* ends the task on failure */
}

const struct pg_error *db_try_finish(struct db *db)
{
	return finish(db, true);
}

bool db_is_actors(const struct db *db)
{
	return db->role == db_role_of(db->task->actor.kind);
}

void db_task_done(struct task *task)
{
	while (task->db != NULL && task->db->open != NULL)
		tx_close(task->db->open);
}
