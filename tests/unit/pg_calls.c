#include "pg_calls.h"

#include <endian.h>

#include "store/pg_types.h"

enum { DEADLINE_MS = 20000 };

struct gang gang;
struct pg_pool *pool;

const struct pg_statement STATEMENTS[STATEMENT_COUNT] = {
    [TWICE] = {"twice", "select $1::int * 2", 1, (const Oid[]){PG_INT4_OID}, true, TWICE, false},
    [FAIL] = {"fail", "select 1 / $1", 1, (const Oid[]){PG_INT4_OID}, true, FAIL, false},
    [ADD] = {"add", "insert into thing values ($1)", 1, (const Oid[]){PG_INT4_OID}, false, ADD,
             false},
    [COUNT] = {"count", "select count(*)::int from thing", 0, NULL, true, COUNT, false},
    [SLEEP] = {"sleep", "select pg_sleep($1 / 1000.0)::text, 1", 1, (const Oid[]){PG_INT4_OID},
               true, SLEEP, false},
    [KILL] = {"kill",
              "select count(pg_terminate_backend(pid))::int from pg_stat_activity"
              " where pid <> pg_backend_pid() and application_name = 'sebez_public'",
              0, NULL, false, KILL, false},
    [SLEEP_WRITE] = {"sleep_write", "insert into thing select $1 from pg_sleep(30)", 1,
                     (const Oid[]){PG_INT4_OID}, false, SLEEP_WRITE, false},
    [PID] = {"pid", "select pg_backend_pid()", 0, NULL, true, PID, false},
    [CREATE] = {"create",
                "create table if not exists thing (id int,"
                " constraint late unique (id) deferrable initially deferred)",
                0, NULL, false, CREATE, false},
    [WIPE] = {"wipe", "delete from thing", 0, NULL, false, WIPE, false},
    [BEGIN] = {"begin", "begin", 0, NULL, false, BEGIN, false},
    [ONE_AT_A_TIME] = {"one_at_a_time", "create role one_at_a_time login connection limit 1", 0,
                       NULL, false, ONE_AT_A_TIME, false},
    [READER] = {"reader", "create role reader login superuser", 0, NULL, false, READER, false},
    [READ_ONLY] = {"read_only", "alter role reader set default_transaction_read_only = on", 0, NULL,
                   false, READ_ONLY, false},
    [WRITABLE] = {"writable", "alter role reader reset default_transaction_read_only", 0, NULL,
                  false, WRITABLE, false},
    [CHANGING] = {"changing", "select * from changing", 0, NULL, true, CHANGING, false},
    [SLOW] = {"slow", "select pg_advisory_lock_shared(77)::text, 1", 0, NULL, true, SLOW, true},
};

void add(struct call *call, int statement, int32_t value)
{
	int i = call->batch.count++;
	call->wires[i] = htobe32((uint32_t)value);
	call->items[i] = (struct pg_item){.statement = &STATEMENTS[statement]};
	call->items[i].params[0] = (struct pg_param){(const char *)&call->wires[i], 4};
	call->batch.items[i] = &call->items[i];
}

int32_t value_of(const struct call *call, int item)
{
	uint32_t wire;
	const PGresult *result = call->items[item].result;
	assert_int_equal(PQntuples(result), 1);
	memcpy(&wire, PQgetvalue(result, 0, 0), 4);
	return (int32_t)be32toh(wire);
}

void done(struct call *call)
{
	for (int i = 0; i < call->batch.count; i++)
		PQclear(call->items[i].result);
}

int64_t deadline(void)
{
	return loop_now_ms() + DEADLINE_MS;
}

int32_t ask(int statement, int32_t value)
{
	struct call call = {0};
	int32_t answer = 0;
	add(&call, statement, value);
	assert_int_equal(pg_run(pool, &call.batch, deadline()), 0);
	if (PQresultStatus(call.items[0].result) == PGRES_TUPLES_OK)
		answer = value_of(&call, 0);
	done(&call);
	return answer;
}

void start(void (*fn)(void *arg), void *arg)
{
	gang.running++;
	assert_int_equal(co_start(fn, arg), 0);
}

void lead(void (*fn)(void *arg), unsigned count)
{
	/* Fibers are started from the loop only, so before the loop runs. */
	for (unsigned i = 0; i < count; i++)
		start(fn, (void *)(uintptr_t)i);
}

void join(void *arg)
{
	gang_join(&gang);
}

void create_things(void *arg)
{
	(void)ask(CREATE, 0);
	(void)ask(WIPE, 0);
}

int open_pool(void **state)
{
	struct pg_pool_options options = {.conninfo = getenv("SEBEZ_TEST_PG"),
	                                  .shared_max = 2,
	                                  .leased_max = 2,
	                                  .statement_timeout_ms = 10000};
	pool = pg_pool_open(PG_PUBLIC, &options);
	return 0;
}

int close_pool(void **state)
{
	pg_pool_close(pool);
	return 0;
}
