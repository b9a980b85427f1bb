/* A server whose machine is frozen takes connections and answers nothing. TCP does not notice, and
 * what was sent there would wait for its whole time. So when nothing has come from an address for a
 * while although something is awaited, one more connection is opened there. When that gets no
 * response either, all connections to this address are lost. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "net/loop.h"
#include "store/pg_internal.h"
#include "store/pg_names.h"

enum {
	SILENT_MS = 2000, /* few statements take as long, and for those one connection costs little
	                   */
	ADDRESS_MAX = 64,
	PORT_MAX = 16,
};

struct place {
	char address[ADDRESS_MAX];
	char port[PORT_MAX];
};

static struct place place_of(const struct pg_conn *conn)
{
	struct place place;

	assert(conn->pg != NULL);
	(void)snprintf(place.address, sizeof(place.address), "%s", PQhostaddr(conn->pg));
	(void)snprintf(place.port, sizeof(place.port), "%s", PQport(conn->pg));
	return place;
}

/* The connection number `i`, when it leads there. */
static struct pg_conn *at_place(struct pg_pool *pool, unsigned i, const struct place *place)
{
	struct pg_conn *conn = &pool->conns[i];

	if (conn->state < PG_CONN_READY || conn->state == PG_CONN_BROKEN)
		return NULL;
	struct place own = place_of(conn);

	return strcmp(own.address, place->address) == 0 && strcmp(own.port, place->port) == 0
	           ? conn
	           : NULL;
}

static unsigned conn_count(const struct pg_pool *pool)
{
	return pool->shared_max + pool->leased_max;
}

static bool is_silent(struct pg_pool *pool, const struct place *place, int64_t now_ms)
{
	bool is_awaited = false;

	for (unsigned i = 0; i < conn_count(pool); i++) {
		const struct pg_conn *conn = at_place(pool, i, place);

		if (conn == NULL)
			continue;
		if (now_ms - conn->answered_ms < SILENT_MS)
			return false;
		is_awaited |= pg_conn_is_awaited(conn) && now_ms - conn->heard_ms >= SILENT_MS;
	}
	return is_awaited;
}

void pg_knock_lists(PGconn *at, struct pg_names_lists *ret)
{
	(void)snprintf(ret->hosts, sizeof(ret->hosts), "%s", PQhost(at));
	(void)snprintf(ret->addresses, sizeof(ret->addresses), "%s", PQhostaddr(at));
	(void)snprintf(ret->ports, sizeof(ret->ports), "%s", PQport(at));
}

static void knock(struct pg_pool *pool, const struct pg_conn *at)
{
	struct pg_names_lists lists = {0};

	assert(pool->knock.state == PG_CONN_DOWN);
	pg_knock_lists(at->pg, &lists);
	pg_conn_open_at(&pool->knock, &lists);
}

void pg_knock_tick(struct pg_pool *pool, int64_t now_ms)
{
	if (pool->names == NULL || pool->knock.state != PG_CONN_DOWN ||
	    now_ms - pool->knocked_ms < SILENT_MS)
		return;
	for (unsigned i = 0; i < conn_count(pool); i++) {
		const struct pg_conn *conn = &pool->conns[i];

		if (conn->state < PG_CONN_READY || conn->state == PG_CONN_BROKEN ||
		    conn->count == 0 || PQhostaddr(conn->pg)[0] == '\0')
			continue;
		struct place place = place_of(conn);

		if (is_silent(pool, &place, now_ms)) {
			pool->knocked_ms = now_ms;
			knock(pool, conn);
			return;
		}
	}
}

void pg_knock_unanswered(struct pg_pool *pool)
{
	struct place place = place_of(&pool->knock);

	pg_conn_give_up(&pool->knock);
	pool->turn++;
	if (is_silent(pool, &place, loop_now_ms()))
		for (unsigned i = 0; i < conn_count(pool); i++) {
			struct pg_conn *conn = at_place(pool, i, &place);

			if (conn != NULL)
				pg_conn_lost(conn);
		}
	pg_pool_touch(pool);
}
