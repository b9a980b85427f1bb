/* A primary that stood still, or was cut off, goes on as a primary when it returns, although
 * another one has taken over: it takes connections, shows what was true before, and commits
 * nothing, as its standby has gone. PostgreSQL numbers the timelines of its log, and a promotion
 * begins a higher one. So where there are several servers, each connection is asked for its
 * timeline, and only those with the highest that this process has seen are used. Every few seconds
 * one more is opened, to see whether there is a higher one. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "net/loop.h"
#include "store/pg_internal.h"
#include "store/pg_names.h"

enum { PATROL_MS = 4000, NUMBER_DIGITS = 8 };

/* Of a file of the log; its name begins with the timeline. */
static const char QUESTION[] = "select pg_walfile_name(pg_current_wal_lsn())";

static struct {
	uint32_t newest;
	int64_t patrol_ms; /* when the next one is opened */
	unsigned turn;     /* with which server it begins */
} seen;

bool pg_timeline_matters(const struct pg_pool *pool)
{
	return pool->names != NULL && pg_names_are_several(pool->names);
}

bool pg_timeline_ask(struct pg_conn *conn)
{
	assert(conn->state == PG_CONN_CONNECTING && !conn->asks_timeline);
	conn->timeline = 0;
	conn->asks_timeline = PQsendQuery(conn->pg, QUESTION) == 1;
	return conn->asks_timeline;
}

static void take(struct pg_conn *conn, PGresult *result)
{
	char digits[NUMBER_DIGITS + 1] = "";

	/* A server that cannot say it (error) is used all the same. */
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
	    PQgetlength(result, 0, 0) > NUMBER_DIGITS) {
		memcpy(digits, PQgetvalue(result, 0, 0), NUMBER_DIGITS);
		conn->timeline = (uint32_t)strtoul(digits, NULL, 16);
	}
	PQclear(result);
}

bool pg_timeline_read(struct pg_conn *conn)
{
	assert(conn->asks_timeline);
	if (PQconsumeInput(conn->pg) != 1)
		return true; /* the caller sees that it is lost */
	while (PQisBusy(conn->pg) == 0) {
		PGresult *result = PQgetResult(conn->pg);

		if (result == NULL) {
			conn->asks_timeline = false;
			return true;
		}
		take(conn, result);
	}
	return false;
}

static void lose_outdated(struct pg_pool *pool)
{
	for (unsigned i = 0; i < pool->shared_max + pool->leased_max; i++) {
		struct pg_conn *conn = &pool->conns[i];

		if (conn->state >= PG_CONN_READY && conn->state != PG_CONN_BROKEN &&
		    pg_timeline_is_outdated(conn))
			pg_conn_lost(conn);
	}
	pg_pool_touch(pool);
}

bool pg_timeline_is_outdated(const struct pg_conn *conn)
{
	return conn->timeline != 0 && conn->timeline < seen.newest;
}

void pg_timeline_seen(struct pg_pool *pools, uint32_t timeline)
{
	bool is_newer = timeline > seen.newest && seen.newest != 0;

	if (timeline > seen.newest)
		seen.newest = timeline;
	for (; is_newer && pools != NULL; pools = pools->next)
		if (pg_timeline_matters(pools))
			lose_outdated(pools);
}

void pg_timeline_tick(struct pg_pool *pool, int64_t now_ms)
{
	struct pg_names_lists lists;

	if (now_ms < seen.patrol_ms || seen.newest == 0 || !pg_timeline_matters(pool) ||
	    pool->knock.state != PG_CONN_DOWN)
		return;
	seen.patrol_ms = now_ms + PATROL_MS / 2 + randombytes_uniform(PATROL_MS);
	pg_names_lists(pool->names, seen.turn++, &lists);
	pg_conn_open_at(&pool->knock, &lists);
}
