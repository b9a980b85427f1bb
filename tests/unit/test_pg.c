/* Pools and connections against a real PostgreSQL: tests/unit/with_postgres.sh starts one. */
#include "unit.h"

#include <endian.h>
#include <errno.h>

#include "fibers.h"
#include "store/pg.h"
#include "store/pg_types.h"

enum { FIBERS = 500, ROUNDS = 20, DEADLINE_MS = 20000 };

static struct pg_pool *pool;

enum {
	TWICE = 10,
	FAIL,
	ADD,
	COUNT,
	SLEEP,
	KILL,
	SLEEP_WRITE,
	PID,
	CREATE,
	LATE,
	WIPE,
	BEGIN,
	CHANGING
};

static const struct pg_statement STATEMENTS[] = {
    [TWICE] = {"twice", "select $1::int * 2", 1, (const Oid[]){PG_INT4_OID}, true, TWICE},
    [FAIL] = {"fail", "select 1 / $1", 1, (const Oid[]){PG_INT4_OID}, true, FAIL},
    [ADD] = {"add", "insert into thing values ($1)", 1, (const Oid[]){PG_INT4_OID}, false, ADD},
    [COUNT] = {"count", "select count(*)::int from thing", 0, NULL, true, COUNT},
    [SLEEP] = {"sleep", "select pg_sleep($1 / 1000.0)::text, 1", 1, (const Oid[]){PG_INT4_OID},
               true, SLEEP},
    [KILL] = {"kill",
              "select count(pg_terminate_backend(pid))::int from pg_stat_activity"
              " where pid <> pg_backend_pid() and application_name = 'sebez_public'",
              0, NULL, false, KILL},
    [SLEEP_WRITE] = {"sleep_write", "insert into thing select $1 from pg_sleep(30)", 1,
                     (const Oid[]){PG_INT4_OID}, false, SLEEP_WRITE},
    [PID] = {"pid", "select pg_backend_pid()", 0, NULL, true, PID},
    [CREATE] = {"create",
                "create table if not exists thing (id int,"
                " constraint late unique (id) deferrable initially deferred)",
                0, NULL, false, CREATE},
    [WIPE] = {"wipe", "delete from thing", 0, NULL, false, WIPE},
    [BEGIN] = {"begin", "begin", 0, NULL, false, BEGIN},
    [CHANGING] = {"changing", "select * from changing", 0, NULL, true, CHANGING},
};

/* A batch with room for its items. */
struct call {
	struct pg_batch batch;
	struct pg_item items[4];
	uint32_t wires[4];
};

static void add(struct call *call, int statement, int32_t value)
{
	int i = call->batch.count++;
	call->wires[i] = htobe32((uint32_t)value);
	call->items[i] = (struct pg_item){.statement = &STATEMENTS[statement]};
	call->items[i].params[0] = (struct pg_param){(const char *)&call->wires[i], 4};
	call->batch.items[i] = &call->items[i];
}

static int32_t value_of(const struct call *call, int item)
{
	uint32_t wire;
	const PGresult *result = call->items[item].result;
	assert_int_equal(PQntuples(result), 1);
	memcpy(&wire, PQgetvalue(result, 0, 0), 4);
	return (int32_t)be32toh(wire);
}

static void done(struct call *call)
{
	for (int i = 0; i < call->batch.count; i++)
		PQclear(call->items[i].result);
}

static int64_t deadline(void)
{
	return loop_now_ms() + DEADLINE_MS;
}

/* One statement that must succeed; gives its number. */
static int32_t ask(int statement, int32_t value)
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

static struct gang gang;
static int next_value;

static void echo_many(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int value = next_value++;
		struct call call = {0};
		add(&call, TWICE, value);
		add(&call, TWICE, value + 1);
		assert_int_equal(pg_run(pool, &call.batch, deadline()), 0);
		assert_int_equal(value_of(&call, 0), value * 2);
		assert_int_equal(value_of(&call, 1), value * 2 + 2);
		done(&call);
	}
	gang_leave(&gang);
}

static void start(void (*fn)(void *arg), void *arg)
{
	gang.running++;
	assert_int_equal(co_start(fn, arg), 0);
}

static void lead(void (*fn)(void *arg), unsigned count)
{
	/* Fibers are started from the loop only, so before the loop runs. */
	for (unsigned i = 0; i < count; i++)
		start(fn, (void *)(uintptr_t)i);
}

static void join(void *arg)
{
	gang_join(&gang);
}

static void every_batch_gets_its_own_results(void **state)
{
	lead(echo_many, FIBERS);
	on_fiber(join, NULL);
}

static void fail_or_echo(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct call call = {0};
		bool fails = random_u64() % 3 == 0;
		add(&call, TWICE, 21);
		add(&call, FAIL, fails ? 0 : 1);
		add(&call, ADD, (int32_t)(1000 + (uintptr_t)arg * ROUNDS + (unsigned)i));
		int r = pg_run(pool, &call.batch, deadline());
		assert_int_equal(r, fails ? -EBADMSG : 0);
		if (fails) {
			assert_string_equal(call.batch.error.sqlstate, "22012");
			assert_string_equal(call.batch.error.statement, "fail");
			assert_null(call.items[0].result);
		} else {
			assert_int_equal(value_of(&call, 0), 42);
			next_value++;
		}
		done(&call);
	}
	gang_leave(&gang);
}

static void count_them(void *arg)
{
	gang_join(&gang);
	assert_int_equal(ask(COUNT, 0), next_value);
}

static void create_things(void *arg)
{
	(void)ask(CREATE, 0);
	(void)ask(WIPE, 0);
}

/* Also: an error before a statement's first Parse, with later batches counting on it. */
static void an_error_stays_in_its_batch(void **state)
{
	on_fiber(create_things, NULL);
	next_value = 0;
	lead(fail_or_echo, 200);
	on_fiber(count_them, NULL);
}

static void late(void *arg)
{
	struct call call = {0};
	(void)ask(WIPE, 0);
	add(&call, ADD, 7);
	add(&call, ADD, 7);
	assert_int_equal(pg_run(pool, &call.batch, deadline()), -EBADMSG);
	assert_string_equal(call.batch.error.sqlstate, "23505");
	assert_string_equal(call.batch.error.constraint, "late");
	assert_string_equal(call.batch.error.statement, "commit");
	assert_int_equal(ask(TWICE, 4), 8);
	assert_int_equal(ask(COUNT, 0), 0);
}

static void a_refused_commit_is_an_error(void **state)
{
	on_fiber(late, NULL);
}

/* No connection at the moment is an honest answer: then nothing was sent. */
static void read_through(void *arg)
{
	for (int i = 0; i < 50; i++) {
		int r = -EHOSTDOWN;
		while (r == -EHOSTDOWN) {
			struct call call = {0};
			add(&call, TWICE, i);
			r = pg_run(pool, &call.batch, deadline());
			if (r == 0)
				assert_int_equal(value_of(&call, 0), i * 2);
			done(&call);
			co_sleep_ms(1);
		}
		assert_int_equal(r, 0);
	}
	gang_leave(&gang);
}

static int write_status;

static void write_slowly(void *arg)
{
	struct call call = {0};
	add(&call, SLEEP_WRITE, 1);
	write_status = pg_run(pool, &call.batch, deadline());
	done(&call);
	gang_leave(&gang);
}

static void kill_them(void *arg)
{
	/* As often as a batch of reads is sent again, for one of them may be hit each time. */
	for (int i = 0; i < 3; i++) {
		PGconn *killer = PQconnectdb(getenv("SEBEZ_TEST_PG"));
		co_sleep_ms(20);
		PQclear(PQexec(killer, STATEMENTS[KILL].text));
		PQfinish(killer);
	}
	gang_join(&gang);
}

static void a_killed_backend_costs_no_read_but_a_write(void **state)
{
	write_status = 0;
	lead(read_through, 100);
	start(write_slowly, NULL);
	on_fiber(kill_them, NULL);
	assert_int_equal(write_status, -EPIPE);
	assert_true(pg_stats(pool).reconnects > 0);
}

static unsigned refused, served;

static void sleep_or_be_refused(void *arg)
{
	struct call call = {0};
	add(&call, SLEEP, 1);
	int r = pg_run(pool, &call.batch, deadline());
	if (r == -EAGAIN)
		refused++;
	else if (r == 0)
		served++;
	done(&call);
	gang_leave(&gang);
}

static void a_full_queue_refuses_at_once(void **state)
{
	unsigned count = LIMIT_PG_QUEUE + 100;
	refused = served = 0;
	lead(sleep_or_be_refused, count);
	assert_int_equal(refused, 100);
	on_fiber(join, NULL);
	assert_int_equal(served, LIMIT_PG_QUEUE);
	assert_int_equal(pg_stats(pool).queued, 0);
}

static unsigned timed_out;

static void wait_a_moment(void *arg)
{
	struct call call = {0};
	add(&call, SLEEP, 40);
	int r = pg_run(pool, &call.batch, loop_now_ms() + 20);
	if (r == -ETIMEDOUT)
		timed_out++;
	else
		assert_int_equal(r, 0);
	done(&call);
	gang_leave(&gang);
}

static void a_deadline_ends_the_wait_for_a_connection(void **state)
{
	timed_out = 0;
	lead(wait_a_moment, 2 * LIMIT_PG_DEPTH + 10);
	on_fiber(join, NULL);
	assert_in_range(timed_out, 10, 2 * LIMIT_PG_DEPTH + 10);
}

static int lease_run(struct pg_lease *lease, int statement, int32_t value, int32_t *ret)
{
	struct call call = {0};
	add(&call, statement, value);
	int r = pg_lease_run(lease, &call.batch, deadline());
	if (r == 0 && ret != NULL)
		*ret = value_of(&call, 0);
	done(&call);
	return r;
}

static void lease_and_leave(void *arg)
{
	struct pg_lease *lease = NULL;
	int32_t count = 0;

	(void)ask(WIPE, 0);
	assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
	assert_int_equal(lease_run(lease, BEGIN, 0, NULL), 0);
	assert_int_equal(lease_run(lease, ADD, 5, NULL), 0);
	assert_int_equal(lease_run(lease, COUNT, 0, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(lease_run(lease, FAIL, 0, NULL), -EBADMSG);
	assert_int_equal(lease_run(lease, COUNT, 0, &count), -EBADMSG); /* the transaction failed */
	pg_release(lease);
	assert_int_equal(ask(COUNT, 0), 0);
	assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
	assert_int_equal(lease_run(lease, COUNT, 0, &count), 0);
	pg_release(lease);
	assert_int_equal(pg_stats(pool).leased, 0);
}

static void a_released_lease_is_rolled_back(void **state)
{
	on_fiber(lease_and_leave, NULL);
}

static void hold_a_lease(void *arg)
{
	struct pg_lease *lease = NULL;
	assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
	assert_in_range(pg_stats(pool).leased, 1, 2);
	assert_int_equal(lease_run(lease, SLEEP, 2, NULL), 0);
	pg_release(lease);
	gang_leave(&gang);
}

static void leases_are_taken_in_turn(void **state)
{
	lead(hold_a_lease, 50);
	on_fiber(join, NULL);
}

static void copy(void *arg)
{
	struct pg_lease *lease = NULL;
	struct pg_error error = {0};
	char text[64];
	int32_t count = 0;

	(void)ask(WIPE, 0);
	assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
	assert_int_equal(pg_copy_begin(lease, "copy nothing from stdin", &error, deadline()),
	                 -EBADMSG);
	assert_string_equal(error.sqlstate, "42P01");
	assert_int_equal(pg_copy_begin(lease, "copy thing from stdin", &error, deadline()), 0);
	for (int i = 0; i < 100000; i++) {
		int length = snprintf(text, sizeof(text), "%d\n", i);
		assert_int_equal(pg_copy_send(lease, text, (size_t)length, deadline()), 0);
	}
	assert_int_equal(pg_copy_end(lease, NULL, &error, deadline()), 0);
	assert_int_equal(lease_run(lease, COUNT, 0, &count), 0);
	assert_int_equal(count, 100000);

	assert_int_equal(pg_copy_begin(lease, "copy thing from stdin", &error, deadline()), 0);
	assert_int_equal(pg_copy_send(lease, "x\n", 2, deadline()), 0);
	assert_int_equal(pg_copy_end(lease, NULL, &error, deadline()), -EBADMSG);
	assert_string_equal(error.sqlstate, "22P02");

	assert_int_equal(pg_copy_begin(lease, "copy thing from stdin", &error, deadline()), 0);
	pg_release(lease); /* in the middle of it */
	assert_int_equal(ask(COUNT, 0), 100000);
}

static void rows_are_copied_in(void **state)
{
	on_fiber(copy, NULL);
}

static void change_a_table(void *arg)
{
	PGconn *other = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	PQclear(PQexec(other, "create table changing (a int); insert into changing values (3)"));
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(CHANGING, 0), 3);
	PQclear(PQexec(other, "alter table changing add b int"));
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(CHANGING, 0), 3);
	PQclear(PQexec(other, "drop table changing"));
	PQfinish(other);
}

static void a_changed_result_type_is_healed(void **state)
{
	on_fiber(change_a_table, NULL);
}

static void ask_nobody(void *arg)
{
	struct pg_pool_options options = {.conninfo = "host=/nonexistent user=x",
	                                  .shared_max = 2,
	                                  .leased_max = 1,
	                                  .statement_timeout_ms = 1000};
	struct pg_pool *nobody = pg_pool_open(PG_AUTH, &options);
	struct pg_lease *lease = NULL;
	for (int i = 0; i < 20; i++) {
		struct call call = {0};
		add(&call, TWICE, 1);
		assert_int_equal(pg_run(nobody, &call.batch, deadline()), -EHOSTDOWN);
		co_sleep_ms(3);
	}
	assert_int_equal(pg_lease(nobody, deadline(), &lease), -EHOSTDOWN);
	pg_pool_close(nobody);
}

static void without_a_server_the_answer_is_immediate(void **state)
{
	on_fiber(ask_nobody, NULL);
}

static int open_pool(void **state)
{
	struct pg_pool_options options = {.conninfo = getenv("SEBEZ_TEST_PG"),
	                                  .shared_max = 2,
	                                  .leased_max = 2,
	                                  .statement_timeout_ms = 10000};
	pool = pg_pool_open(PG_PUBLIC, &options);
	return 0;
}

static int close_pool(void **state)
{
	pg_pool_close(pool);
	return 0;
}

int main(void)
{
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	random_begin();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_batch_gets_its_own_results),
	    cmocka_unit_test(an_error_stays_in_its_batch),
	    cmocka_unit_test(a_refused_commit_is_an_error),
	    cmocka_unit_test(a_killed_backend_costs_no_read_but_a_write),
	    cmocka_unit_test(a_full_queue_refuses_at_once),
	    cmocka_unit_test(a_deadline_ends_the_wait_for_a_connection),
	    cmocka_unit_test(a_released_lease_is_rolled_back),
	    cmocka_unit_test(leases_are_taken_in_turn),
	    cmocka_unit_test(rows_are_copied_in),
	    cmocka_unit_test(a_changed_result_type_is_healed),
	    cmocka_unit_test(without_a_server_the_answer_is_immediate),
	};
	int failed = cmocka_run_group_tests(tests, open_pool, close_pool);
	loop_close();
	return failed;
}
