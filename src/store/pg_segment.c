#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/loop.h"
#include "store/pg_internal.h"

enum {
	HEAL_MAX = 8,    /* resends of a batch because of its prepared statements */
	YOUNG_MS = 1000, /* a younger connection is not worth reopening */
};

_Static_assert(LIMIT_PG_BATCH <= 32, "a segment keeps one bit for each item");

static void mark_prepared(struct pg_conn *conn, unsigned number, uint64_t sequence)
{
	if (number >= conn->prepared_size) {
		size_t size = number + 64;
		conn->prepared = realloc(conn->prepared, size * sizeof(conn->prepared[0]));
		assert(conn->prepared != NULL);
		memset(conn->prepared + conn->prepared_size, 0,
		       (size - conn->prepared_size) * sizeof(conn->prepared[0]));
		conn->prepared_size = size;
	}
	conn->prepared[number] = sequence;
}

static bool is_prepared(const struct pg_conn *conn, unsigned number)
{
	return number < conn->prepared_size && conn->prepared[number] != 0;
}

static bool send_item(struct pg_conn *conn, struct pg_segment *segment, int index,
                      const struct pg_item *item)
{
	const struct pg_statement *statement = item->statement;
	const char *values[LIMIT_PG_PARAMS];
	int lengths[LIMIT_PG_PARAMS];
	int formats[LIMIT_PG_PARAMS];

	assert(index < LIMIT_PG_BATCH && statement->param_count <= LIMIT_PG_PARAMS);
	if (!is_prepared(conn, statement->number)) {
		if (PQsendPrepare(conn->pg, statement->name, statement->text,
		                  statement->param_count, statement->param_types) != 1)
			return false;
		segment->prepares |= UINT32_C(1) << index;
		mark_prepared(conn, statement->number, segment->sequence);
	}
	for (int i = 0; i < statement->param_count; i++) {
		values[i] = item->params[i].bytes;
		lengths[i] = item->params[i].length;
		formats[i] = 1;
	}
	return PQsendQueryPrepared(conn->pg, statement->name, statement->param_count, values,
	                           lengths, formats, /* resultFormat= */ 1) == 1;
}

/* libpq 15 can only sync and flush at once; 17 leaves the flush to us. */
static bool send_sync(struct pg_conn *conn)
{
#ifdef HAVE_PQSENDPIPELINESYNC
	return PQsendPipelineSync(conn->pg) == 1;
#else
	return PQpipelineSync(conn->pg) == 1;
#endif
}

static struct pg_segment *push(struct pg_conn *conn, struct pg_batch *batch)
{
	assert(conn->count < LIMIT_PG_DEPTH);
	struct pg_segment *segment = &conn->segments[(conn->first + conn->count) % LIMIT_PG_DEPTH];
	*segment = (struct pg_segment){.batch = batch,
	                               .is_slow = batch != NULL && batch->is_slow,
	                               .sequence = ++conn->sequence};
	if (conn->count == 0)
		conn->heard_ms = loop_now_ms();
	conn->count++;
	conn->dirty = true;
	return segment;
}

int pg_segment_send(struct pg_conn *conn, struct pg_batch *batch)
{
	assert(batch->count > 0 && batch->count <= LIMIT_PG_BATCH);
	struct pg_segment *segment = push(conn, batch);
	batch->error.sqlstate[0] = '\0';
	for (int i = 0; i < batch->count; i++) {
		batch->items[i]->result = NULL;
		if (!send_item(conn, segment, i, batch->items[i])) {
			conn->count--;
			return -EIO; /* without its Sync nothing of it is committed */
		}
	}
	segment->preparing = (segment->prepares & 1) != 0;
	batch->state = PG_BATCH_SENT;
	batch->conn = conn;
	conn->pool->stats.batches++;
	conn->pool->stats.statements += (unsigned)batch->count;
	/* A failure means that the connection is lost, which the flush detects. */
	(void)send_sync(conn);
	return 0;
}

void pg_segment_send_rollback(struct pg_conn *conn)
{
	assert(conn->state == PG_CONN_CLEANING && conn->count == 0);
	(void)push(conn, NULL);
	/* Unnamed, so that it need not be prepared. Failures show in the flush. */
	(void)PQsendQueryParams(conn->pg, "rollback", 0, NULL, NULL, NULL, NULL, 1);
	(void)send_sync(conn);
}

void pg_segment_clear_results(struct pg_batch *batch)
{
	for (int i = 0; i < batch->count; i++) {
		PQclear(batch->items[i]->result);
		batch->items[i]->result = NULL;
	}
}

void pg_segment_orphan(struct pg_conn *conn, struct pg_batch *batch)
{
	unsigned at = conn->first;

	assert(conn->count > 0);
	while (conn->segments[at].batch != batch)
		at = (at + 1) % LIMIT_PG_DEPTH;
	conn->segments[at].batch = NULL;
	conn->segments[at].orphaned = true;
	pg_segment_clear_results(batch);
}

static void copy_field(char *ret, size_t size, const PGresult *result, int field)
{
	const char *text = PQresultErrorField(result, field);
	snprintf(ret, size, "%s", text == NULL ? "" : text);
}

void pg_error_fill(struct pg_error *error, const PGresult *result, const char *statement)
{
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

	copy_field(error->sqlstate, sizeof(error->sqlstate), result, PG_DIAG_SQLSTATE);
	copy_field(error->message, sizeof(error->message), result, PG_DIAG_MESSAGE_PRIMARY);
	copy_field(error->constraint, sizeof(error->constraint), result, PG_DIAG_CONSTRAINT_NAME);
	/* A truncated detail would be broken JSON. */
	if (detail != NULL && strlen(detail) >= sizeof(error->detail))
		detail = NULL;
	snprintf(error->detail, sizeof(error->detail), "%s", detail == NULL ? "" : detail);
	snprintf(error->statement, sizeof(error->statement), "%s", statement);
	if (error->sqlstate[0] == '\0')
		memcpy(error->sqlstate, "XX000", sizeof("XX000")); /* an error of libpq itself */
}

bool pg_error_is_fatal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	return severity != NULL &&
	       (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* 26000: the statement is not prepared. When its Parse was sent after this segment, it is on its
 * way. */
static void forget_missing(struct pg_conn *conn, const struct pg_segment *segment, unsigned number)
{
	assert(number < conn->prepared_size);
	if (conn->prepared[number] < segment->sequence)
		conn->prepared[number] = 0;
}

static void take_error(struct pg_conn *conn, struct pg_segment *segment, const PGresult *result)
{
	struct pg_batch *batch = segment->batch;
	const struct pg_statement *statement = NULL;
	const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	if (batch == NULL)
		return;
	/* After the last item the commit itself failed: a deferred constraint. */
	if (segment->at < batch->count)
		statement = batch->items[segment->at]->statement;
	if (!segment->failed)
		pg_error_fill(&batch->error, result,
		              statement == NULL ? "commit" : statement->name);
	segment->failed = true;
	segment->stale_plan = function != NULL && strcmp(function, "RevalidateCachedQuery") == 0;
	if (statement == NULL)
		return;
	if (segment->preparing && strcmp(batch->error.sqlstate, "42P05") != 0)
		mark_prepared(conn, statement->number, 0); /* this Parse failed */
	if (!segment->preparing && strcmp(batch->error.sqlstate, "26000") == 0)
		forget_missing(conn, segment, statement->number);
}

/* A skipped Parse was not executed, although later segments may rely on it. Those fail with 26000
 * and are resent. One that succeeded persists, because it is not transactional. */
static void take_skipped(struct pg_conn *conn, const struct pg_segment *segment)
{
	if (segment->batch == NULL || segment->at >= segment->batch->count || !segment->preparing)
		return;
	unsigned number = segment->batch->items[segment->at]->statement->number;
	assert(number < conn->prepared_size);
	if (conn->prepared[number] == segment->sequence)
		conn->prepared[number] = 0;
}

/* Processes one result: keeps it when it is an item's, else clears it. False: close the connection.
 * */
static bool take_result(struct pg_conn *conn, struct pg_segment *segment, PGresult *result)
{
	bool keep = false;
	bool alive = true;

	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		keep = segment->batch != NULL && !segment->preparing &&
		       segment->at < segment->batch->count;
		if (keep) {
			assert(segment->batch->items[segment->at]->result == NULL);
			segment->batch->items[segment->at]->result = result;
		}
		break;
	case PGRES_PIPELINE_ABORTED:
		take_skipped(conn, segment);
		break;
	case PGRES_FATAL_ERROR:
		alive = !pg_error_is_fatal(result) && PQstatus(conn->pg) == CONNECTION_OK;
		if (alive)
			take_error(conn, segment, result);
		break;
	default: /* COPY, which is not supported */
		alive = false;
		break;
	}
	if (!keep)
		PQclear(result);
	return alive;
}

/* The NULL that ends a command's results: the next command's come next. */
static void next_command(struct pg_segment *segment)
{
	if (segment->batch == NULL || segment->at >= segment->batch->count)
		return;
	if (segment->preparing) {
		segment->preparing = false;
		return;
	}
	assert(segment->at >= 0 && segment->at < LIMIT_PG_BATCH);
	segment->at++;
	segment->preparing =
	    segment->at < segment->batch->count && (segment->prepares >> segment->at & 1) != 0;
}

/* What the error means for this connection and for others of the pool. */
static void judge(struct pg_conn *conn, const struct pg_segment *segment)
{
	struct pg_error *error = &segment->batch->error;

	error->stale = segment->stale_plan || strcmp(error->sqlstate, "26000") == 0 ||
	               strcmp(error->sqlstate, "42P05") == 0;
	/* After a migration idle leased connections have outdated plans too, and cannot recover. */
	if (segment->stale_plan) {
		conn->retiring = true;
		pg_pool_retire(conn->pool, conn, false, INT64_MAX);
	}
	/* Read-only: after a failover the database that takes writes may be another one. */
	if (strcmp(error->sqlstate, "25006") == 0)
		pg_pool_retire(conn->pool, conn, true, loop_now_ms() - YOUNG_MS);
}

/* True when it is resent automatically. In a lease's transaction the earlier statements are lost.
 * */
static bool heals(const struct pg_conn *conn, const struct pg_batch *batch)
{
	return batch->error.stale && !conn->is_leased && batch->heals < HEAL_MAX;
}

/* The Sync's own result: the segment is complete. */
static bool finish(struct pg_conn *conn)
{
	struct pg_segment segment = conn->segments[conn->first];
	struct pg_batch *batch = segment.batch;

	assert(conn->count > 0 && (batch == NULL || batch->state == PG_BATCH_SENT));
	if (batch != NULL && segment.at != batch->count)
		return false; /* out of sync with libpq */
	conn->first = (conn->first + 1) % LIMIT_PG_DEPTH;
	conn->count--;
	if (batch == NULL && !segment.orphaned) {
		assert(conn->is_leased && conn->state == PG_CONN_CLEANING);
		pg_conn_set_state(conn, PG_CONN_READY);
		pg_pool_touch(conn->pool);
	} else if (batch == NULL) {
		conn->pool->stats.errors += segment.failed;
	} else if (!segment.failed) {
		pg_batch_done(batch, 0);
	} else {
		pg_segment_clear_results(batch);
		conn->pool->stats.errors++;
		judge(conn, &segment);
		if (heals(conn, batch)) {
			batch->heals++;
			pg_pool_requeue(conn->pool, batch);
		} else {
			pg_batch_done(batch, -EBADMSG);
		}
	}
	if (conn->pool->queue_first != NULL)
		pg_pool_touch(conn->pool);
	/* A retiring connection is lost on purpose as soon as nobody waits for it; a leased one
	 * when it comes back. */
	return !(conn->retiring && conn->state == PG_CONN_READY && !pg_conn_is_awaited(conn));
}

bool pg_segment_read(struct pg_conn *conn)
{
	while (conn->count > 0 && PQisBusy(conn->pg) == 0) {
		struct pg_segment *segment = &conn->segments[conn->first];
		PGresult *result = PQgetResult(conn->pg);
		if (result == NULL) {
			if (!conn->has_result)
				return PQstatus(conn->pg) == CONNECTION_OK;
			conn->has_result = false;
			next_command(segment);
			continue;
		}
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			conn->has_result = false;
			if (!finish(conn))
				return false;
			continue;
		}
		conn->has_result = true;
		if (!take_result(conn, segment, result))
			return false;
	}
	return true;
}
