/* Pools against a real PostgreSQL: tests/unit/with_postgres.sh starts one. */
#include "pg_calls.h"

#include <errno.h>

#include "store/outage.h"

enum { FIBERS = 500, ROUNDS = 20 };

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

static bool writes(PGconn *other)
{
	PGresult *result = PQexec(other, "select from pg_stat_activity where state = 'active'"
	                                 " and query like 'insert into thing select%'");
	bool any = PQntuples(result) > 0;
	PQclear(result);
	return any;
}

static void kill_them(void *arg)
{
	/* As often as a batch of reads is sent again, for one of them may be hit each time. */
	for (int i = 0; i < 3; i++) {
		PGconn *killer = PQconnectdb(getenv("SEBEZ_TEST_PG"));
		do
			co_sleep_ms(20);
		while (i == 0 && !writes(killer)); /* on a busy machine it takes a while */
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

static void wait_in_the_database(void *arg)
{
	(void)ask(SLOW, 0);
	served++;
	gang_leave(&gang);
}

static void ask_beside_slow_ones(void *holder)
{
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask(TWICE, i), i * 2);
	assert_int_equal(served, 0);
	PQfinish(holder);
	gang_join(&gang);
}

static void slow_batches_hold_up_no_quick_one(void **state)
{
	PGconn *holder = PQconnectdb(getenv("SEBEZ_TEST_PG"));

	PQclear(PQexec(holder, "select pg_advisory_lock(77)")); /* the slow ones wait for it */
	served = 0;
	lead(wait_in_the_database, 5);
	on_fiber(ask_beside_slow_ones, holder);
	assert_int_equal(served, 5);
}

static struct pg_pool *narrow; /* one connection, for tests of who shares it */

static void open_narrow(void)
{
	narrow =
	    pg_pool_open(PG_VENDOR, &(struct pg_pool_options){.conninfo = getenv("SEBEZ_TEST_PG"),
	                                                      .shared_max = 1,
	                                                      .leased_max = 1,
	                                                      .statement_timeout_ms = 10000});
}

static int run_narrow(int statement, int32_t value, int64_t deadline_ms)
{
	struct call call = {0};
	add(&call, statement, value);
	int r = pg_run(narrow, &call.batch, deadline_ms);
	done(&call);
	return r;
}

static bool writer_left;

static void fill_the_connection(void *arg)
{
	assert_int_equal(run_narrow(SLEEP, 5, deadline()), 0);
	gang_leave(&gang);
}

static void wait_in_the_queue(void *arg)
{
	assert_int_equal(run_narrow(TWICE, 1, loop_now_ms() + 20), -ETIMEDOUT);
	gang_leave(&gang);
}

static void a_deadline_ends_the_wait_for_a_connection(void **state)
{
	open_narrow();
	lead(fill_the_connection, 2 * LIMIT_PG_DEPTH);
	start(wait_in_the_queue, NULL);
	on_fiber(join, NULL);
	pg_pool_close(narrow);
}

static void write_until_the_deadline(void *arg)
{
	assert_int_equal(run_narrow(TWICE, 1, deadline()), 0); /* the connection is there */
	assert_int_equal(run_narrow(SLEEP_WRITE, 1, loop_now_ms() + 500), -EINPROGRESS);
	writer_left = true;
	gang_leave(&gang);
}

static void read_behind_it(void *arg)
{
	assert_int_equal(run_narrow(TWICE, 1, deadline()), 0);
	assert_int_equal(run_narrow(TWICE, 1, loop_now_ms() + 1000), -ETIMEDOUT);
	assert_true(writer_left);
	/* The connection that hangs is not waited for. */
	assert_int_equal(run_narrow(TWICE, 1, deadline()), 0);
	gang_leave(&gang);
}

static void at_its_deadline_a_waiter_leaves_what_was_sent(void **state)
{
	open_narrow();
	writer_left = false;
	start(write_until_the_deadline, NULL);
	start(read_behind_it, NULL);
	on_fiber(join, NULL);
	assert_int_equal(pg_stats(narrow).in_flight, 0);
	pg_pool_close(narrow);
}

static void leave_early(void *arg)
{
	assert_int_equal(run_narrow(TWICE, 1, deadline()), 0);
	assert_int_equal(run_narrow(SLEEP, 1000, loop_now_ms() + 500), -ETIMEDOUT);
	gang_leave(&gang);
}

static void stay(void *arg)
{
	assert_int_equal(run_narrow(TWICE, 1, deadline()), 0);
	assert_int_equal(run_narrow(TWICE, 1, deadline()), 0);
	gang_leave(&gang);
}

static void who_shares_a_connection_with_one_who_left_gets_its_results(void **state)
{
	open_narrow();
	start(leave_early, NULL);
	lead(stay, 5);
	on_fiber(join, NULL);
	assert_int_equal(pg_stats(narrow).reconnects, 1);
	pg_pool_close(narrow);
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

static char reason_told[256];

static void take_note(const char *store, const char *reason)
{
	assert_string_equal(store, "sebez_auth");
	snprintf(reason_told, sizeof(reason_told), "%s", reason == NULL ? "" : reason);
}

static void ask_nobody(void *arg)
{
	outage_report(take_note);
	struct pg_pool_options options = {.conninfo = "host=/nonexistent user=x password=hidden",
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
	assert_non_null(strstr(reason_told, "No such file or directory"));
	assert_null(strstr(reason_told, "hidden"));
	outage_report(NULL);
}

static void without_a_server_the_answer_is_immediate(void **state)
{
	on_fiber(ask_nobody, NULL);
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
	    cmocka_unit_test(at_its_deadline_a_waiter_leaves_what_was_sent),
	    cmocka_unit_test(who_shares_a_connection_with_one_who_left_gets_its_results),
	    cmocka_unit_test(a_changed_result_type_is_healed),
	    cmocka_unit_test(slow_batches_hold_up_no_quick_one),
	    cmocka_unit_test(without_a_server_the_answer_is_immediate),
	};
	int failed = cmocka_run_group_tests(tests, open_pool, close_pool);
	loop_close();
	return failed;
}
