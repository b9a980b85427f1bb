/* The outbox delivers to whom it calls over TCP, from processes that die, against a real
 * PostgreSQL with the schema of all areas. This program is the receiver; workers are children. */
#include "outbox_scene.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outbox_worker.h"

#define LONG_LEASE "60000"
#define SHORT_LEASE "300"

static void each_attempt_has_the_same_id_and_what_is_delivered_is_gone(void **state)
{
	add_rows(1, one->port, "call");
	one->answer = "retry";
	work(0, LONG_LEASE, "9");
	UNTIL(one->count == 2);
	one->answer = "ok";
	UNTIL(count_of("outbox") == 0);
	assert_int_equal(calls_with(one, one->calls[0].id), one->count);
	assert_int_equal(count_of("dead_letter"), 0);
}

static void a_destination_that_is_down_is_left_alone_until_a_probe_gets_through(void **state)
{
	enum { ROWS = 20 };

	add_rows(ROWS, other->port, "call");
	other->answer = DROP;
	work(0, LONG_LEASE, "9");
	UNTIL(other->count == 4); /* three open the breaker, a probe fails */
	other->answer = HOLD;
	UNTIL(other->count == 5);
	/* While the second probe waits, another destination is served, and this one left alone. */
	one->answer = "ok";
	for (size_t i = 1; i <= 5; i++) {
		add_rows(1, one->port, "call");
		UNTIL(one->count == i);
	}
	assert_int_equal(other->count, 5);
	assert_string_equal(sql("select count(*) from outbox where attempts > 0 "
	                        "and destination = '%d'",
	                        other->port),
	                    "5");
	answer(&other->calls[4], "ok");
	other->answer = "ok";
	UNTIL(count_of("outbox") == 0);
	assert_int_equal(other->count, 4 + ROWS);
	assert_int_equal(count_of("dead_letter"), 0);
}

static void a_destination_without_anybody_is_down(void **state)
{
	int port = other->port;

	close(other->listener);
	other->listener = -1;
	add_rows(1, port, "call");
	add_rows(3, one->port, "call");
	one->answer = "ok";
	work(0, LONG_LEASE, "2");
	UNTIL(one->count == 3);
	UNTIL(count_of("dead_letter where why = 'no answer' and attempts = 2") == 1);
	UNTIL(count_of("outbox") == 0);
}

static void what_a_killed_worker_had_is_delivered_by_the_next(void **state)
{
	add_rows(5, one->port, "call");
	one->answer = HOLD;
	struct worker *worker = work(0, "2000", "9");
	UNTIL(one->count == 1);
	assert_int_equal(count_of("outbox where attempts = 1"), 5);
	kill_worker(worker);
	close(one->calls[0].fd);
	one->answer = "ok";
	work(0, "2000", "9");
	UNTIL(count_of("outbox") == 0);
	assert_true(calls_with(one, one->calls[0].id) >= 2);
	assert_true(one->count >= 6);
	assert_int_equal(count_of("dead_letter"), 0);
}

static void poison_is_buried_and_holds_nobody_up(const char *poison, const char *lease_ms,
                                                 const char *why)
{
	add_rows(3, one->port, "call");
	add_rows(1, one->port, poison);
	add_rows(3, one->port, "call");
	one->answer = "ok";
	work(0, lease_ms, "3");
	UNTIL(count_of("outbox") == 0);
	assert_int_equal(count_of("dead_letter"), 1);
	assert_string_equal(sql("select payload ->> 'do' from dead_letter"), poison);
	assert_string_equal(sql("select why from dead_letter"), why);
	assert_true(one->count >= 6);
}

static void what_makes_deliverers_fail_is_buried(void **state)
{
	poison_is_buried_and_holds_nobody_up("fail", LONG_LEASE, "It cannot be read.");
}

static void what_deliverers_say_nothing_of_is_buried(void **state)
{
	poison_is_buried_and_holds_nobody_up("say nothing", LONG_LEASE,
	                                     "The deliverer did not say what became of it.");
}

static void what_kills_workers_is_buried(void **state)
{
	poison_is_buried_and_holds_nobody_up("crash", "1000", "No attempt came to its end.");
}

static void what_is_settled_after_its_lease_changes_nothing(void **state)
{
	add_rows(1, one->port, "call");
	one->answer = HOLD;
	work(0, SHORT_LEASE, "9");
	work(1, SHORT_LEASE, "9");
	UNTIL(one->count == 2);
	assert_string_equal(one->calls[0].id, one->calls[1].id);
	answer(&one->calls[1], "later");
	UNTIL(lost == 1 || count_of("outbox where failed_with = 'later'") == 1);
	answer(&one->calls[0], "ok");
	UNTIL(lost >= 1);
	assert_int_equal(count_of("outbox"), 1);
}

static void what_is_refused_is_buried_at_once_and_replayed_with_its_id(void **state)
{
	const char *const topic_and_most[] = {"call", "1000"};

	add_rows(2, one->port, "call");
	one->answer = "refuse \xff\xc3";
	work(0, LONG_LEASE, "9");
	UNTIL(count_of("dead_letter") == 2);
	assert_int_equal(one->count, 2);
	assert_string_equal(sql("select why from dead_letter limit 1"), "refuse ??");
	one->answer = "ok";
	assert_string_equal(sql_as("sebez_admin", "dead_letters_replay", 2, topic_and_most), "2");
	UNTIL(one->count == 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(calls_with(one, one->calls[i].id), 2);
	UNTIL(count_of("outbox") == 0);
	assert_int_equal(count_of("dead_letter"), 0);
}

static void what_needs_no_attempt_costs_none(void **state)
{
	char move[32];

	add_rows(1, one->port, "skip");
	snprintf(move, sizeof(move), "move to %d", one->port);
	add_rows(1, 0, move);
	add_rows(1, one->port, "wait");
	sql("insert into outbox (topic, subject_id, created_at) values "
	    "('news', gen_random_uuid(), now() - interval '10 minutes')");
	one->answer = "ok";
	work(0, LONG_LEASE, "9");
	UNTIL(count_of("outbox") == 2);
	assert_int_equal(one->count, 1);
	UNTIL(count_of("outbox where due_at > now() and attempts = 0 and topic = 'call'") == 1);
	UNTIL(count_of("outbox where due_at > now() + interval '9 minutes' and topic = 'news'") ==
	      1);
}

/* As often as the row was leased and put back, it is another version. */
static void let_it_be_tried(int times)
{
	char version[64];

	for (int i = 0; i < times; i++) {
		snprintf(version, sizeof(version), "%s", sql("select xmin from outbox"));
		UNTIL(strcmp(version, sql("select xmin from outbox")) != 0);
	}
}

static void what_a_worker_could_not_send_loses_no_attempt(void **state)
{
	add_rows(1, one->port, "not sent");
	work(0, LONG_LEASE, "2");
	let_it_be_tried(8);
	UNTIL(count_of("outbox where attempts = 0 and failed_with is null") == 1);
	assert_int_equal(count_of("dead_letter"), 0);
}

static void what_was_not_begun_is_not_at_fault_when_a_deliverer_ends_badly(void **state)
{
	add_rows(1, one->port, "end badly");
	add_rows(1, one->port, "leave");
	one->answer = "ok";
	work(0, LONG_LEASE, "2");
	UNTIL(count_of("outbox") == 1 && one->count == 1);
	let_it_be_tried(8);
	UNTIL(count_of("outbox where attempts = 0") == 1);
	assert_int_equal(count_of("dead_letter"), 0);
}

static void what_is_postponed_waits_as_if_it_were_new(void **state)
{
	add_rows(1, one->port, "postpone");
	sql("update outbox set attempts = 1, failed_with = 'x'");
	work(0, LONG_LEASE, "2");
	UNTIL(count_of("outbox where attempts = 0 and failed_with is null "
	               "and due_at > now() + interval '59 minutes'") == 1);
	assert_int_equal(one->count, 0);
}

static long oldest_s(void)
{
	const char *const topics_and_most[] = {"{call}", "1000"};

	return atol(sql_column_as("sebez_jobs", "outbox_measured", 2, topics_and_most, 2));
}

static void what_waits_on_purpose_is_not_old(void **state)
{
	sql("insert into outbox (topic, subject_id, created_at, due_at) "
	    "values ('call', gen_random_uuid(), now() - interval '1 hour', now() + interval '1 "
	    "hour')");
	assert_int_equal(oldest_s(), 0);
	sql("update outbox set due_at = now() - interval '1 minute'");
	assert_in_range(oldest_s(), 60, 3599);
	sql("update outbox set attempts = 1, failed_with = 'x', due_at = now() + interval '1 "
	    "hour'");
	assert_in_range(oldest_s(), 3600, 7200);
}

static void what_is_too_old_is_dropped_or_buried(void **state)
{
	sql("insert into outbox (topic, destination, subject_id, created_at, due_at) "
	    "select t, 'gone', gen_random_uuid(), now() - interval '2 hours', now() + interval '1 "
	    "hour' "
	    "from unnest(array['call', 'news', 'unknown']) t");
	work(0, LONG_LEASE, "9");
	UNTIL(count_of("outbox") == 1);
	assert_string_equal(sql("select topic from outbox"), "unknown");
	assert_string_equal(sql("select topic from dead_letter"), "call");
}

static void no_attempt_begins_within_a_transaction(void **state)
{
	int status;
	struct worker *worker = work(0, LONG_LEASE, "9");

	sql("insert into outbox (topic, subject_id) values ('bad', gen_random_uuid())");
	assert_int_equal(waitpid(worker->pid, &status, 0), worker->pid);
	worker->pid = 0;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#define OUTBOX_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(int argc, char **argv)
{
	if (strcmp(argv[0], "worker") == 0 && argc == 4)
		return outbox_worker(argv + 1);
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	const struct CMUnitTest tests[] = {
	    OUTBOX_TEST(each_attempt_has_the_same_id_and_what_is_delivered_is_gone),
	    OUTBOX_TEST(a_destination_that_is_down_is_left_alone_until_a_probe_gets_through),
	    OUTBOX_TEST(a_destination_without_anybody_is_down),
	    OUTBOX_TEST(what_a_killed_worker_had_is_delivered_by_the_next),
	    OUTBOX_TEST(what_makes_deliverers_fail_is_buried),
	    OUTBOX_TEST(what_deliverers_say_nothing_of_is_buried),
	    OUTBOX_TEST(what_kills_workers_is_buried),
	    OUTBOX_TEST(what_is_settled_after_its_lease_changes_nothing),
	    OUTBOX_TEST(what_is_refused_is_buried_at_once_and_replayed_with_its_id),
	    OUTBOX_TEST(what_needs_no_attempt_costs_none),
	    OUTBOX_TEST(what_a_worker_could_not_send_loses_no_attempt),
	    OUTBOX_TEST(what_was_not_begun_is_not_at_fault_when_a_deliverer_ends_badly),
	    OUTBOX_TEST(what_is_postponed_waits_as_if_it_were_new),
	    OUTBOX_TEST(what_waits_on_purpose_is_not_old),
	    OUTBOX_TEST(what_is_too_old_is_dropped_or_buried),
	    OUTBOX_TEST(no_attempt_begins_within_a_transaction),
	};
	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
