#include <assert.h>
#include <errno.h>
#include <string.h>

#include "net/co.h"
#include "net/loop.h"
#include "store/pg_internal.h"

static struct pg_conn *idle_conn(struct pg_pool *pool)
{
	for (unsigned i = 0; i < pool->leased_max; i++) {
		struct pg_conn *conn = &pool->conns[pool->shared_max + i];
		if (conn->state == PG_CONN_READY)
			return conn;
	}
	return NULL;
}

/* True when a connection may become available. */
static bool has_leased(const struct pg_pool *pool)
{
	for (unsigned i = 0; i < pool->leased_max; i++) {
		const struct pg_conn *conn = &pool->conns[pool->shared_max + i];
		if (conn->state != PG_CONN_DOWN && conn->state != PG_CONN_BROKEN)
			return true;
	}
	return false;
}

static bool is_taken(const struct pg_conn *conn)
{
	return conn->state == PG_CONN_LEASED || conn->state == PG_CONN_BROKEN;
}

static void waiter_remove(struct pg_pool *pool, struct pg_lease_waiter *waiter)
{
	struct pg_lease_waiter **link = &pool->leases_first;
	while (*link != waiter)
		link = &(*link)->next;
	*link = waiter->next;
	if (pool->leases_last == &waiter->next)
		pool->leases_last = link;
	assert(pool->lease_waiters > 0);
	pool->lease_waiters--;
}

static void waiter_done(struct pg_pool *pool, struct pg_lease_waiter *waiter, int status)
{
	assert(waiter->status == 1 && status <= 0);
	waiter_remove(pool, waiter);
	waiter->status = status;
	co_wake(waiter->co);
}

void pg_lease_fail_all(struct pg_pool *pool, int status)
{
	while (pool->leases_first != NULL)
		waiter_done(pool, pool->leases_first, status);
}

void pg_lease_serve(struct pg_pool *pool)
{
	while (pool->leases_first != NULL) {
		struct pg_conn *conn = idle_conn(pool);
		if (conn == NULL)
			break;
		assert(conn->is_leased && conn->count == 0);
		pg_conn_set_state(conn, PG_CONN_LEASED);
		pool->leases_first->conn = conn;
		waiter_done(pool, pool->leases_first, 0);
	}
	if (pool->leases_first == NULL)
		return;
	(void)pg_pool_open_one(
	    pool, true); /* failing is fine: one may be returned, or the tick retries */
	if (!has_leased(pool) && loop_now_ms() < pool->retry_ms)
		pg_lease_fail_all(pool, -EHOSTDOWN);
}

int pg_lease(struct pg_pool *pool, int64_t deadline_ms, struct pg_lease **ret)
{
	assert(co_self() != NULL && pool->leased_max > 0);
	struct pg_lease_waiter waiter = {.co = co_self(), .status = 1};

	if (pool->lease_waiters >= LIMIT_PG_QUEUE)
		return -EAGAIN;
	*pool->leases_last = &waiter;
	pool->leases_last = &waiter.next;
	pool->lease_waiters++;
	pg_pool_touch(pool);
	while (waiter.status == 1) {
		int r = co_wait(deadline_ms);
		if (r == -ETIMEDOUT && waiter.status == 1) {
			waiter_remove(pool, &waiter);
			return r;
		}
	}
	if (waiter.status < 0)
		return waiter.status;
	assert(waiter.conn != NULL && is_taken(waiter.conn));
	co_scarce_taken();
	*ret = &waiter.conn->lease;
	return 0;
}

int pg_lease_run(struct pg_lease *lease, struct pg_batch *batch, int64_t deadline_ms)
{
	struct pg_conn *conn = lease->conn;
	assert(co_self() != NULL);
	if (conn->state == PG_CONN_BROKEN)
		return -EPIPE;
	assert(conn->state == PG_CONN_LEASED && conn->count == 0);
	batch->waiter = co_self();
	batch->deadline_ms = deadline_ms;
	if (pg_segment_send(conn, batch) < 0) {
		pg_conn_lost(conn);
		return -EPIPE;
	}
	pg_conn_flush(conn);
	while (batch->state != PG_BATCH_DONE) {
		if (co_wait(deadline_ms) == 0 || batch->state == PG_BATCH_DONE)
			continue;
		pg_conn_orphan(batch);
		return -EINPROGRESS;
	}
	return batch->status;
}

void pg_release(struct pg_lease *lease)
{
	struct pg_conn *conn = lease->conn;
	assert(is_taken(conn) && conn->count == 0);
	co_scarce_returned();
	/* Outdated plans: not worth keeping. */
	if (conn->state == PG_CONN_LEASED && conn->retiring)
		pg_conn_lost(conn);
	if (conn->state == PG_CONN_BROKEN) {
		pg_conn_set_state(conn, PG_CONN_DOWN);
	} else if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE) {
		pg_conn_set_state(conn, PG_CONN_READY);
	} else {
		pg_conn_set_state(conn, PG_CONN_CLEANING);
		pg_segment_send_rollback(conn);
		pg_conn_flush(conn);
	}
	pg_pool_touch(conn->pool);
}
