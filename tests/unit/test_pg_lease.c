/* Leased connections against a real PostgreSQL: transactions that look before they write. */
#include "pg_calls.h"

#include <errno.h>

#include "fate.h"
#include "net/http_client.h"

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

static void call_a_server(void *arg)
{
	struct http_client_request request = {.url = "http://127.0.0.1:1/"};
	struct http_client_response response;

	(void)!http_client_send(arg, &request, deadline(), &response);
}

static void call_while_leased(void *arg)
{
	struct arena *arena = arena_new(64 * 1024, NULL, NULL);
	struct pg_lease *lease = NULL;

	assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
	assert_int_equal(fate_of(call_a_server, arena), SIGABRT);
	pg_release(lease);
	assert_int_equal(fate_of(call_a_server, arena), 0);
	arena_free(arena);
}

static void no_other_server_is_called_within_a_transaction(void **state)
{
	on_fiber(call_while_leased, NULL);
}

static struct pg_pool *other; /* of the test's own */

static void open_other(const char *more)
{
	char conninfo[1024];

	snprintf(conninfo, sizeof(conninfo), "%s %s", getenv("SEBEZ_TEST_PG"), more);
	other = pg_pool_open(PG_VENDOR, &(struct pg_pool_options){.conninfo = conninfo,
	                                                          .shared_max = 1,
	                                                          .leased_max = 2,
	                                                          .statement_timeout_ms = 10000});
}

static void take_the_other_lease(void *arg)
{
	struct pg_lease *lease = NULL;

	assert_int_equal(pg_lease(other, deadline(), &lease), 0);
	pg_release(lease);
	gang_leave(&gang);
}

static void hold_the_only_one(void *arg)
{
	struct pg_lease *lease = NULL;

	assert_int_equal(pg_lease(other, deadline(), &lease), 0);
	/* Long enough for another connection to be tried, and refused. */
	assert_int_equal(lease_run(lease, SLEEP, 300, NULL), 0);
	pg_release(lease);
	gang_leave(&gang);
}

static void limit_to_one(void *arg)
{
	(void)ask(ONE_AT_A_TIME, 0);
}

static void who_waits_for_a_lease_gets_it_though_no_other_can_be_opened(void **state)
{
	on_fiber(limit_to_one, NULL);
	open_other("user=one_at_a_time");
	start(hold_the_only_one, NULL);
	start(take_the_other_lease, NULL);
	on_fiber(join, NULL);
	pg_pool_close(other);
}

static void sleep_on_a_lease(void *arg)
{
	struct pg_lease *lease = NULL;

	assert_int_equal(pg_lease(other, deadline(), &lease), 0);
	gang_leave(&gang);
	assert_int_equal(lease_run(lease, SLEEP, 9000, NULL), -EPIPE);
}

static void a_pool_is_closed_while_a_lease_is_out(void **state)
{
	open_other("");
	start(sleep_on_a_lease, NULL);
	on_fiber(join, NULL);
	pg_pool_close(other);
}

static void wait_too_long_on_a_lease(void *arg)
{
	struct pg_lease *lease = NULL;
	static struct call call; /* a fiber has little room for another */

	(void)ask(WIPE, 0);
	assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
	assert_int_equal(lease_run(lease, BEGIN, 0, NULL), 0);
	assert_int_equal(lease_run(lease, ADD, 5, NULL), 0);
	add(&call, SLEEP, 9000);
	assert_int_equal(pg_lease_run(lease, &call.batch, loop_now_ms() + 20), -EINPROGRESS);
	done(&call);
	assert_int_equal(lease_run(lease, COUNT, 0, NULL), -EPIPE);
	pg_release(lease);
	assert_int_equal(ask(COUNT, 0), 0);
	for (int i = 0; i < 3; i++) { /* none is lost to the others */
		assert_int_equal(pg_lease(pool, deadline(), &lease), 0);
		assert_int_equal(lease_run(lease, COUNT, 0, NULL), 0);
		pg_release(lease);
	}
}

static void at_its_deadline_who_holds_a_lease_leaves(void **state)
{
	on_fiber(wait_too_long_on_a_lease, NULL);
}

static void write_to_the_other(void *arg)
{
	struct pg_lease *lease = NULL;
	int64_t end_ms = deadline();
	int r = -EBADMSG;

	assert_int_equal(pg_lease(other, deadline(), &lease), 0);
	assert_int_equal(lease_run(lease, ADD, 1, NULL), -EBADMSG);
	pg_release(lease);
	(void)ask(WRITABLE, 0);
	/* By itself: what was opened while it was read-only is opened anew. */
	while (r != 0 && loop_now_ms() < end_ms) {
		co_sleep_ms(20);
		assert_int_equal(pg_lease(other, deadline(), &lease), 0);
		r = lease_run(lease, ADD, 1, NULL);
		pg_release(lease);
	}
	assert_int_equal(r, 0);
}

static void make_a_reader(void *arg)
{
	(void)ask(READER, 0);
	(void)ask(READ_ONLY, 0);
}

static void a_connection_to_a_read_only_database_is_not_kept(void **state)
{
	on_fiber(make_a_reader, NULL);
	open_other("user=reader");
	on_fiber(write_to_the_other, NULL);
	pg_pool_close(other);
}

static int open_pool_and_table(void **state)
{
	int r = open_pool(state);

	on_fiber(create_things, NULL);
	return r;
}

int main(void)
{
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	random_begin();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_released_lease_is_rolled_back),
	    cmocka_unit_test(leases_are_taken_in_turn),
	    cmocka_unit_test(no_other_server_is_called_within_a_transaction),
	    cmocka_unit_test(who_waits_for_a_lease_gets_it_though_no_other_can_be_opened),
	    cmocka_unit_test(at_its_deadline_who_holds_a_lease_leaves),
	    cmocka_unit_test(a_connection_to_a_read_only_database_is_not_kept),
	    cmocka_unit_test(a_pool_is_closed_while_a_lease_is_out),
	};
	int failed = cmocka_run_group_tests(tests, open_pool_and_table, close_pool);
	loop_close();
	return failed;
}
