#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/loop.h"
#include "store/pg_internal.h"
#include "store/pg_names.h"

/* Interval at which the server looks whether the client has closed the connection. */
#define ORPHAN_CHECK_MS "1000"

/* After some ten seconds the server ends the sessions of a machine of ours that has disappeared. */
#define OUR_ABSENCE                                                                                \
	"-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"

enum {
	RESOLVE_MS = 1000, /* after this the last known addresses are used */
	CONNECT_MS = 3000, /* an attempt without any response for this long has failed */
	GRACE_MS = 5000,   /* beyond the server's own statement_timeout */
	IDLE_IN_TRANSACTION_MS = 60 * 1000, /* where statements may take any time */
	RESEND_ROUNDS_MAX = 3,              /* server crashes that a read-only batch survives */
};

/* Which change of state is allowed; anything else is a bug. */
static const bool MAY_BECOME[PG_CONN_STATE_COUNT][PG_CONN_STATE_COUNT] = {
    [PG_CONN_DOWN] = {[PG_CONN_CONNECTING] = true},
    [PG_CONN_CONNECTING] = {[PG_CONN_READY] = true, [PG_CONN_DOWN] = true},
    [PG_CONN_READY] = {[PG_CONN_LEASED] = true, [PG_CONN_DOWN] = true},
    [PG_CONN_LEASED] = {[PG_CONN_READY] = true, [PG_CONN_CLEANING] = true, [PG_CONN_BROKEN] = true},
    [PG_CONN_BROKEN] = {[PG_CONN_DOWN] = true},
    [PG_CONN_CLEANING] = {[PG_CONN_READY] = true, [PG_CONN_DOWN] = true},
};

static bool is_knock(const struct pg_conn *conn)
{
	return conn == &conn->pool->knock;
}

void pg_conn_set_state(struct pg_conn *conn, enum pg_conn_state state)
{
	assert(MAY_BECOME[conn->state][state]);
	assert(conn->is_leased || state < PG_CONN_LEASED);
	if (conn->state == PG_CONN_CONNECTING && !is_knock(conn))
		conn->pool->connecting = false;
	conn->state = state;
	if (state == PG_CONN_CONNECTING && !is_knock(conn)) {
		assert(!conn->pool->connecting);
		conn->pool->connecting = true;
	}
}

static void free_watch(uv_handle_t *handle)
{
	free(handle->data);
}

static void unwatch(struct pg_conn *conn)
{
	if (conn->watch == NULL)
		return;
	conn->watch->conn = NULL;
	uv_close((uv_handle_t *)&conn->watch->poll, free_watch);
	conn->watch = NULL;
	conn->events = 0;
}

static void on_event(uv_poll_t *poll, int status, int events);

void pg_conn_watch(struct pg_conn *conn, int events)
{
	assert(conn->pg != NULL);
	if (conn->watch == NULL) {
		conn->watch = calloc(1, sizeof(*conn->watch));
		assert(conn->watch != NULL);
		int r = uv_poll_init(loop_uv(), &conn->watch->poll, PQsocket(conn->pg));
		assert(r == 0);
		conn->watch->poll.data = conn->watch;
		conn->watch->conn = conn;
	}
	if (events == conn->events)
		return;
	conn->events = events;
	int r = uv_poll_start(&conn->watch->poll, events, on_event);
	assert(r == 0);
}

/* Ignores warnings and notices. */
static void drop_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static void close_pg(struct pg_conn *conn)
{
	unwatch(conn); /* before libpq closes its socket */
	PQfinish(conn->pg);
	conn->pg = NULL;
	free(conn->prepared);
	conn->prepared = NULL;
	conn->prepared_size = 0;
	conn->has_result = conn->retiring = conn->dirty = conn->asks_timeline = false;
}

static void start_at_turn(struct pg_conn *conn);
static void start_there(struct pg_conn *conn);

/* While the secret is replaced, a role has the password of one or of the other: both are tried. */
static bool tries_other_password(struct pg_conn *conn)
{
	struct pg_pool *pool = conn->pool;

	if (pool->password_previous == NULL || conn->pg == NULL ||
	    !PQconnectionUsedPassword(conn->pg))
		return false;
	pool->uses_previous = !pool->uses_previous;
	conn->tried_other = !conn->tried_other;
	return conn->tried_other;
}

/* reason NULL: take it from libpq. */
static void open_failed(struct pg_conn *conn, const char *why)
{
	char reason[256];

	if (is_knock(conn)) {
		if (tries_other_password(conn))
			start_there(conn);
		else
			pg_conn_give_up(conn); /* a refusal is an answer, too */
		return;
	}
	snprintf(reason, sizeof(reason), "%s", why != NULL ? why : PQerrorMessage(conn->pg));
	if (tries_other_password(conn)) {
		close_pg(conn);
		start_at_turn(conn);
		return;
	}
	close_pg(conn);
	pg_conn_set_state(conn, PG_CONN_DOWN);
	pg_pool_open_failed(conn->pool, reason);
}

static void opened(struct pg_conn *conn)
{
	assert(conn->state == PG_CONN_CONNECTING && conn->count == 0);
	pg_timeline_seen(pg_pool_first(), conn->timeline);
	if (pg_timeline_is_outdated(conn)) {
		open_failed(conn, "another server has taken over from this one");
		return;
	}
	if (is_knock(conn)) {
		pg_conn_give_up(conn); /* it has been answered */
		return;
	}
	if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1) {
		open_failed(conn, NULL);
		return;
	}
	pg_conn_set_state(conn, PG_CONN_READY);
	conn->opened_ms = conn->answered_ms = loop_now_ms();
	pg_conn_watch(conn, UV_READABLE);
	conn->tried_other = false;
	pg_pool_opened(conn->pool);
}

/* The socket may change after each step, perhaps with the same number: so the watch is closed
 * before and reopened after it. */
static void connect_step(struct pg_conn *conn)
{
	unwatch(conn);
	if (conn->asks_timeline) {
		if (!pg_timeline_read(conn))
			pg_conn_watch(conn, UV_READABLE);
		else if (PQstatus(conn->pg) == CONNECTION_OK)
			opened(conn);
		else
			open_failed(conn, NULL);
		return;
	}
	switch (PQconnectPoll(conn->pg)) {
	case PGRES_POLLING_READING:
		pg_conn_watch(conn, UV_READABLE);
		break;
	case PGRES_POLLING_WRITING:
		pg_conn_watch(conn, UV_WRITABLE);
		break;
	case PGRES_POLLING_OK:
		if (!pg_timeline_matters(conn->pool))
			opened(conn);
		else if (pg_timeline_ask(conn))
			pg_conn_watch(conn, UV_READABLE);
		else
			open_failed(conn, NULL);
		break;
	default:
		open_failed(conn, NULL);
		break;
	}
}

static void start(struct pg_conn *conn, const struct pg_names_lists *lists)
{
	char options[512];
	/* A statement's optional clauses are texts of their own, so one plan fits each; left to
	 * itself the planner would plan a listing anew on every call. Statements of jobs and media
	 * work on queues that were empty when they were first planned, and run once a second: they
	 * are planned each time. */
	const char *plans = conn->pool->role == PG_JOBS || conn->pool->role == PG_MEDIA
	                        ? "force_custom_plan"
	                        : "force_generic_plan";
	int timeout_ms = conn->pool->statement_timeout_ms;
	int idle_ms = timeout_ms == 0 ? IDLE_IN_TRANSACTION_MS : timeout_ms + GRACE_MS;
	snprintf(options, sizeof(options),
	         "-c statement_timeout=%d -c idle_in_transaction_session_timeout=%d -c jit=off "
	         "-c client_connection_check_interval=" ORPHAN_CHECK_MS " "
	         "-c plan_cache_mode=%s -c pg_trgm.word_similarity_threshold=0.35 " OUR_ABSENCE,
	         timeout_ms, idle_ms, plans);
	/* The conninfo may override keys before dbname; those after it are fixed. */
	const char *const keys[] = {"application_name",
	                            "gssencmode",
	                            "dbname",
	                            "options",
	                            "client_encoding",
	                            "host",
	                            "hostaddr",
	                            "port",
	                            conn->pool->uses_previous ? "password" : NULL,
	                            NULL};
	const char *const values[] = {PG_ROLE_NAMES[conn->pool->role],
	                              "disable",
	                              conn->pool->conninfo,
	                              options,
	                              "UTF8",
	                              lists->hosts,
	                              lists->addresses,
	                              lists->ports,
	                              conn->pool->password_previous,
	                              NULL};

	assert(conn->pg == NULL && conn->state == PG_CONN_CONNECTING);
	conn->heard_ms = loop_now_ms();
	conn->pg = PQconnectStartParams(keys, values, /* expand_dbname= */ 1);
	assert(conn->pg != NULL);
	(void)PQsetNoticeProcessor(conn->pg, drop_notice, NULL);
	if (PQstatus(conn->pg) == CONNECTION_BAD)
		open_failed(conn, NULL);
	else
		pg_conn_watch(conn, UV_WRITABLE);
}

static void start_at_turn(struct pg_conn *conn)
{
	struct pg_names_lists lists = {0}; /* libpq treats an empty value as unset */

	if (conn->pool->names != NULL)
		pg_names_lists(conn->pool->names, conn->pool->turn, &lists);
	start(conn, &lists);
}

/* Once more where it is. */
static void start_there(struct pg_conn *conn)
{
	struct pg_names_lists lists = {0};

	pg_knock_lists(conn->pg, &lists);
	close_pg(conn);
	start(conn, &lists);
}

static void on_found(void *arg, const char *reason)
{
	struct pg_conn *conn = arg;

	if (reason != NULL)
		open_failed(conn, reason);
	else
		start_at_turn(conn);
}

static void set_connecting(struct pg_conn *conn)
{
	pg_conn_set_state(conn, PG_CONN_CONNECTING);
	conn->tried_other = false;
	conn->heard_ms = loop_now_ms();
	conn->sequence = 0;
}

void pg_conn_open(struct pg_conn *conn)
{
	struct pg_names *names = conn->pool->names;

	set_connecting(conn);
	if (names != NULL && pg_names_need_look_up(names))
		pg_names_look_up(names, on_found, conn);
	else
		start_at_turn(conn);
}

void pg_conn_open_at(struct pg_conn *conn, const struct pg_names_lists *lists)
{
	set_connecting(conn);
	start(conn, lists);
}

/* Resends read-only batches that were sent; the outcome of the others is unknown. */
static void end_segments(struct pg_conn *conn)
{
	/* When all connections are lost at once, a batch may be resent on each before we notice. */
	int resends_max = RESEND_ROUNDS_MAX * (int)conn->pool->shared_max;

	while (conn->count > 0) {
		unsigned last = (conn->first + conn->count - 1) % LIMIT_PG_DEPTH;
		struct pg_batch *batch = conn->segments[last].batch;
		conn->count--;
		if (batch == NULL)
			continue;
		pg_segment_clear_results(batch);
		if (!conn->is_leased && pg_batch_reads_only(batch) && !pg_batch_is_late(batch) &&
		    batch->resends++ < resends_max) {
			conn->pool->stats.resent++;
			pg_pool_requeue(conn->pool, batch); /* last one first: keeps the order */
		} else {
			pg_batch_done(batch, -EPIPE);
		}
	}
	conn->first = 0;
}

void pg_conn_lost(struct pg_conn *conn)
{
	assert(conn->state >= PG_CONN_READY && conn->state != PG_CONN_BROKEN);
	bool is_taken = conn->state == PG_CONN_LEASED;
	close_pg(conn);
	conn->pool->stats.reconnects++;
	pg_conn_set_state(conn, is_taken ? PG_CONN_BROKEN : PG_CONN_DOWN);
	end_segments(conn);
	pg_pool_touch(conn->pool);
}

bool pg_conn_is_awaited(const struct pg_conn *conn)
{
	for (unsigned i = 0; i < conn->count; i++)
		if (conn->segments[(conn->first + i) % LIMIT_PG_DEPTH].batch != NULL)
			return true;
	return false;
}

/* The connection missed a deadline: other batches may get no response either. */
void pg_conn_orphan(struct pg_batch *batch)
{
	struct pg_conn *conn = batch->conn;

	assert(conn != NULL && batch->state == PG_BATCH_SENT);
	pg_segment_orphan(conn, batch);
	conn->retiring = true;
	if (!pg_conn_is_awaited(conn))
		pg_conn_lost(conn);
	pg_pool_touch(conn->pool); /* another may be opened instead */
}

void pg_conn_flush(struct pg_conn *conn)
{
	assert(conn->pg != NULL);
	conn->dirty = false;
	int r = PQflush(conn->pg);
	if (r < 0) {
		pg_conn_lost(conn);
		return;
	}
	pg_conn_watch(conn, r == 0 ? UV_READABLE : UV_READABLE | UV_WRITABLE);
	/* When the socket was full, libpq has also read, and no event will follow. */
	if (!pg_segment_read(conn))
		pg_conn_lost(conn);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct pg_watch *watch = poll->data;
	struct pg_conn *conn = watch->conn;
	if (conn == NULL)
		return;
	conn->heard_ms = conn->answered_ms = loop_now_ms();
	if (conn->state == PG_CONN_CONNECTING) {
		connect_step(conn);
		return;
	}
	/* An error on the socket shows when we read from it. */
	bool is_alive = true;
	if (status < 0 || (events & UV_READABLE) != 0)
		is_alive = PQconsumeInput(conn->pg) == 1;
	if (!pg_segment_read(conn) || !is_alive)
		pg_conn_lost(conn);
	else if (conn->pg != NULL && (events & UV_WRITABLE) != 0)
		pg_conn_flush(conn);
}

void pg_conn_give_up(struct pg_conn *conn)
{
	assert(conn->state == PG_CONN_CONNECTING);
	if (conn->pg == NULL)
		pg_names_cancel(conn->pool->names);
	close_pg(conn);
	pg_conn_set_state(conn, PG_CONN_DOWN);
}

void pg_conn_check_silence(struct pg_conn *conn, int64_t now_ms)
{
	int64_t silent_ms = now_ms - conn->heard_ms;
	if (conn->state == PG_CONN_CONNECTING && conn->pg == NULL) {
		if (silent_ms > RESOLVE_MS) {
			conn->heard_ms = now_ms;
			pg_names_hurry(conn->pool->names);
		}
		return;
	}
	if (conn->state == PG_CONN_CONNECTING) {
		if (silent_ms > CONNECT_MS && is_knock(conn))
			pg_knock_unanswered(conn->pool);
		else if (silent_ms > CONNECT_MS)
			open_failed(conn, "no response");
		return;
	}
	if (conn->count == 0 || conn->pool->statement_timeout_ms == 0)
		return;
	/* The server responds at the Sync, after each statement has used its time. */
	const struct pg_batch *batch = conn->segments[conn->first].batch;
	int statements = batch == NULL ? 1 : batch->count;
	if (silent_ms > (int64_t)statements * conn->pool->statement_timeout_ms + GRACE_MS)
		pg_conn_lost(conn);
}
