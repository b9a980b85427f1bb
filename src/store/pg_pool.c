#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "net/co.h"
#include "net/loop.h"
#include "store/pg_internal.h"
#include "store/pg_names.h"

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 1000, /* what it adds to an outage at most */
	TICK_MS = 500,         /* interval at which unresponsive connections are detected */
	BUSY_DEPTH = 2,        /* when each connection has as many in flight, another is opened */
};

const char *const PG_ROLE_NAMES[PG_ROLE_COUNT] = {
    [PG_PUBLIC] = "sebez_public", [PG_AUTH] = "sebez_auth",   [PG_CUSTOMER] = "sebez_customer",
    [PG_VENDOR] = "sebez_vendor", [PG_ADMIN] = "sebez_admin", [PG_JOBS] = "sebez_jobs",
    [PG_MEDIA] = "sebez_media",
};

static struct {
	struct pg_pool *pools;
	struct loop_hook hook;
	uv_timer_t tick;
} all;

struct pg_pool *pg_pool_first(void)
{
	return all.pools;
}

void pg_pool_touch(struct pg_pool *pool)
{
	if (pool->touched)
		return;
	pool->touched = true;
	loop_rerun_hooks();
}

void pg_batch_done(struct pg_batch *batch, int status)
{
	assert(batch->state != PG_BATCH_DONE && status <= 0);
	batch->state = PG_BATCH_DONE;
	batch->status = status;
	co_wake(batch->waiter);
}

bool pg_batch_reads_only(const struct pg_batch *batch)
{
	for (int i = 0; i < batch->count; i++)
		if (!batch->items[i]->statement->reads_only)
			return false;
	return true;
}

bool pg_batch_is_late(const struct pg_batch *batch)
{
	return batch->deadline_ms != 0 && loop_now_ms() >= batch->deadline_ms;
}

static void queue_push(struct pg_pool *pool, struct pg_batch *batch)
{
	batch->next = NULL;
	batch->state = PG_BATCH_QUEUED;
	assert(*pool->queue_last == NULL && pool->stats.queued < LIMIT_PG_QUEUE);
	*pool->queue_last = batch;
	pool->queue_last = &batch->next;
	pool->stats.queued++;
	pg_pool_touch(pool);
}

void pg_pool_requeue(struct pg_pool *pool, struct pg_batch *batch)
{
	assert(batch->state != PG_BATCH_DONE);
	batch->state = PG_BATCH_QUEUED;
	batch->next = pool->queue_first;
	pool->queue_first = batch;
	if (batch->next == NULL)
		pool->queue_last = &batch->next;
	pool->stats.queued++;
	co_wake(batch->waiter); /* its deadline applies again */
	pg_pool_touch(pool);
}

static void queue_remove(struct pg_pool *pool, struct pg_batch *batch)
{
	struct pg_batch **link = &pool->queue_first;

	assert(batch->state == PG_BATCH_QUEUED && pool->stats.queued > 0);
	while (*link != batch)
		link = &(*link)->next;
	*link = batch->next;
	if (pool->queue_last == &batch->next)
		pool->queue_last = link;
	batch->next = NULL;
	pool->stats.queued--;
}

static void queue_fail_all(struct pg_pool *pool, int status)
{
	while (pool->queue_first != NULL) {
		struct pg_batch *batch = pool->queue_first;
		queue_remove(pool, batch);
		pg_batch_done(batch, status);
	}
}

/* A slow batch is the last that was sent on its connection. */
static bool has_slow(const struct pg_conn *conn)
{
	return conn->count > 0 &&
	       conn->segments[(conn->first + conn->count - 1) % LIMIT_PG_DEPTH].is_slow;
}

/* The ready shared connection with the fewest batches in flight; NULL when none accepts this kind.
 * */
static struct pg_conn *least_busy(struct pg_pool *pool, bool is_slow)
{
	unsigned half = pool->shared_max == 1 ? 1 : pool->shared_max / 2;
	struct pg_conn *best = NULL;

	for (unsigned i = 0; i < (is_slow ? half : pool->shared_max); i++) {
		struct pg_conn *conn = &pool->conns[i];
		if (conn->state == PG_CONN_READY && !conn->retiring && !has_slow(conn) &&
		    conn->count < LIMIT_PG_DEPTH && (best == NULL || conn->count < best->count))
			best = conn;
	}
	return best;
}

static bool has_shared(const struct pg_pool *pool)
{
	for (unsigned i = 0; i < pool->shared_max; i++)
		if (pool->conns[i].state != PG_CONN_DOWN)
			return true;
	return false;
}

bool pg_pool_open_one(struct pg_pool *pool, bool is_leased)
{
	if (pool->connecting || loop_now_ms() < pool->retry_ms)
		return false;
	unsigned from = is_leased ? pool->shared_max : 0;
	unsigned to = is_leased ? pool->shared_max + pool->leased_max : pool->shared_max;
	for (unsigned i = from; i < to; i++) {
		if (pool->conns[i].state == PG_CONN_DOWN) {
			pg_conn_open(&pool->conns[i]);
			return true;
		}
	}
	return false;
}

void pg_pool_opened(struct pg_pool *pool)
{
	pool->failures = 0;
	outage_over(&pool->outage, PG_ROLE_NAMES[pool->role]);
	pg_pool_touch(pool);
}

void pg_pool_open_failed(struct pg_pool *pool, const char *reason)
{
	outage_on(&pool->outage, PG_ROLE_NAMES[pool->role], reason);
	pool->turn++;
	pool->retry_ms = loop_now_ms() + backoff_ms(pool->failures++, BACKOFF_FIRST_MS,
	                                            BACKOFF_MAX_MS, randombytes_random());
	pg_pool_touch(pool);
}

void pg_pool_retire(struct pg_pool *pool, struct pg_conn *current, bool shared_too,
                    int64_t opened_before_ms)
{
	for (unsigned i = shared_too ? 0 : pool->shared_max;
	     i < pool->shared_max + pool->leased_max; i++) {
		struct pg_conn *conn = &pool->conns[i];
		if (conn->state < PG_CONN_READY || conn->state == PG_CONN_BROKEN ||
		    conn->opened_ms >= opened_before_ms)
			continue;
		conn->retiring = true;
		if (conn != current && conn->state == PG_CONN_READY && conn->count == 0)
			pg_conn_lost(conn);
	}
}

/* The first queued batch that a connection accepts now, and that connection. NULL: none. */
static struct pg_batch *first_to_send(struct pg_pool *pool, struct pg_conn **ret)
{
	struct pg_conn *free[2] = {least_busy(pool, false), least_busy(pool, true)};
	struct pg_batch *batch = pool->queue_first;

	while (batch != NULL && free[batch->is_slow] == NULL)
		batch = free[!batch->is_slow] == NULL ? NULL : batch->next;
	if (batch != NULL)
		*ret = free[batch->is_slow];
	return batch;
}

static void deal(struct pg_pool *pool)
{
	struct pg_conn *conn;
	struct pg_batch *batch;

	while ((batch = first_to_send(pool, &conn)) != NULL) {
		queue_remove(pool, batch);
		if (pg_batch_is_late(batch)) { /* its waiter is about to time out */
			pg_batch_done(batch, -ETIMEDOUT);
			continue;
		}
		if (pg_segment_send(conn, batch) < 0) {
			pg_conn_lost(conn);
			pg_pool_requeue(pool, batch);
			break;
		}
	}
	for (unsigned i = 0; i < pool->shared_max + pool->leased_max; i++)
		if (pool->conns[i].dirty)
			pg_conn_flush(&pool->conns[i]);
}

/* True when every ready shared connection is busy; false when there is none. */
static bool all_are_busy(const struct pg_pool *pool)
{
	bool any = false;
	for (unsigned i = 0; i < pool->shared_max; i++) {
		const struct pg_conn *conn = &pool->conns[i];
		if (conn->state != PG_CONN_READY)
			continue;
		if (conn->count < BUSY_DEPTH && !has_slow(conn))
			return false;
		any = true;
	}
	return any;
}

static void grow(struct pg_pool *pool)
{
	if (pool->queue_first == NULL && !all_are_busy(pool))
		return;
	(void)pg_pool_open_one(pool, false); /* failing is fine: the queue is processed again */
	if (!has_shared(pool) && loop_now_ms() < pool->retry_ms)
		queue_fail_all(pool, -EHOSTDOWN);
}

static void before_sleep(void *arg)
{
	(void)arg;
	for (struct pg_pool *pool = all.pools; pool != NULL; pool = pool->next) {
		if (!pool->touched)
			continue;
		pool->touched = false;
		deal(pool);
		grow(pool);
		pg_lease_serve(pool);
	}
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
	int64_t now_ms = loop_now_ms();
	for (struct pg_pool *pool = all.pools; pool != NULL; pool = pool->next) {
		for (unsigned i = 0; i < pool->shared_max + pool->leased_max; i++)
			pg_conn_check_silence(&pool->conns[i], now_ms);
		pg_conn_check_silence(&pool->knock, now_ms);
		pg_knock_tick(pool, now_ms);
		pg_timeline_tick(pool, now_ms);
		if (pool->queue_first != NULL || pool->leases_first != NULL)
			pg_pool_touch(pool); /* a back-off may be over */
	}
}

struct pg_pool *pg_pool_open(enum pg_role role, const struct pg_pool_options *options)
{
	assert(role < PG_ROLE_COUNT && options->shared_max > 0);
	struct pg_pool *pool = calloc(1, sizeof(*pool));
	assert(pool != NULL);
	pool->role = role;
	pool->conninfo = strdup(options->conninfo);
	if (options->password_previous != NULL) {
		pool->password_previous = strdup(options->password_previous);
		assert(pool->password_previous != NULL);
	}
	pool->shared_max = options->shared_max;
	pool->leased_max = options->leased_max;
	pool->statement_timeout_ms = options->statement_timeout_ms;
	pool->conns = calloc(pool->shared_max + pool->leased_max, sizeof(pool->conns[0]));
	assert(pool->conninfo != NULL && pool->conns != NULL);
	pool->names = pg_names_new(pool->conninfo);
	for (unsigned i = 0; i < pool->shared_max + pool->leased_max; i++) {
		struct pg_conn *conn = &pool->conns[i];
		*conn = (struct pg_conn){.pool = pool, .is_leased = i >= pool->shared_max};
		conn->lease.conn = conn;
	}
	pool->knock.pool = pool;
	pool->queue_last = &pool->queue_first;
	pool->leases_last = &pool->leases_first;
	if (all.hook.run == NULL) {
		all.hook.run = before_sleep;
		loop_before_sleep(&all.hook);
	}
	if (all.pools == NULL) {
		(void)uv_timer_init(loop_uv(), &all.tick);
		(void)uv_timer_start(&all.tick, on_tick, TICK_MS, TICK_MS);
		uv_unref((uv_handle_t *)&all.tick);
	}
	pool->next = all.pools;
	all.pools = pool;
	return pool;
}

struct pg_pool *pg_pool_open_beside(const struct pg_pool *pool)
{
	struct pg_pool_options options = {.conninfo = pool->conninfo,
	                                  .password_previous = pool->password_previous,
	                                  .shared_max = 1,
	                                  .statement_timeout_ms = pool->statement_timeout_ms};
	struct pg_pool *beside = pg_pool_open(pool->role, &options);

	beside->turn = pool->turn;
	return beside;
}

static void conn_close(struct pg_conn *conn)
{
	if (conn->state == PG_CONN_DOWN || conn->state == PG_CONN_BROKEN)
		return;
	if (conn->state == PG_CONN_CONNECTING)
		pg_conn_give_up(conn);
	else
		pg_conn_lost(conn);
}

void pg_pool_close(struct pg_pool *pool)
{
	for (unsigned i = 0; i < pool->shared_max + pool->leased_max; i++)
		conn_close(&pool->conns[i]);
	conn_close(&pool->knock);
	queue_fail_all(pool, -EHOSTDOWN);
	pg_lease_fail_all(pool, -EHOSTDOWN);
	assert(pool->queue_first == NULL && pool->stats.queued == 0);
	assert(pool->leases_first == NULL && pool->lease_waiters == 0);

	struct pg_pool **link = &all.pools;
	while (*link != pool)
		link = &(*link)->next;
	*link = pool->next;
	if (all.pools == NULL)
		uv_close((uv_handle_t *)&all.tick, NULL);
	pg_names_free(pool->names);
	free(pool->conns);
	free(pool->conninfo);
	free(pool->password_previous);
	free(pool);
}

static bool is_down(const struct pg_pool *pool)
{
	return loop_now_ms() < pool->retry_ms && !has_shared(pool);
}

/* The deadline has passed. Returns the result of pg_run. */
static int leave(struct pg_pool *pool, struct pg_batch *batch)
{
	if (batch->state == PG_BATCH_QUEUED) {
		queue_remove(pool, batch);
		return least_busy(pool, batch->is_slow) == NULL && !has_shared(pool) ? -EHOSTDOWN
		                                                                     : -ETIMEDOUT;
	}
	assert(batch->state == PG_BATCH_SENT);
	pg_conn_orphan(batch);
	return pg_batch_reads_only(batch) ? -ETIMEDOUT : -EINPROGRESS;
}

int pg_run(struct pg_pool *pool, struct pg_batch *batch, int64_t deadline_ms)
{
	assert(co_self() != NULL && batch->count > 0 && batch->count <= LIMIT_PG_BATCH);
	if (pool->stats.queued >= LIMIT_PG_QUEUE)
		return -EAGAIN;
	if (is_down(pool))
		return -EHOSTDOWN;
	batch->is_slow = false;
	for (int i = 0; i < batch->count; i++)
		batch->is_slow |= batch->items[i]->statement->is_slow;
	batch->waiter = co_self();
	batch->deadline_ms = deadline_ms;
	batch->resends = batch->heals = 0;
	queue_push(pool, batch);
	while (batch->state != PG_BATCH_DONE)
		if (co_wait(deadline_ms) == -ETIMEDOUT && batch->state != PG_BATCH_DONE)
			return leave(pool, batch);
	return batch->status;
}

struct pg_stats pg_stats(const struct pg_pool *pool)
{
	struct pg_stats stats = pool->stats;
	stats.connections_max = pool->shared_max + pool->leased_max;
	for (unsigned i = 0; i < stats.connections_max; i++) {
		const struct pg_conn *conn = &pool->conns[i];
		stats.connections += conn->state >= PG_CONN_READY && conn->state != PG_CONN_BROKEN;
		stats.in_flight += conn->count;
		stats.leased += conn->state == PG_CONN_LEASED;
	}
	return stats;
}
