/* Many calls of one fiber to real servers. */
#include "unit.h"

#include <errno.h>

#include "base/limits.h"
#include "fibers.h"
#include "http_peer.h"
#include "net/http_client_group.h"

enum { HANG_MS = 1000, MANY = 300 };

static struct http_client_group *group;
static struct http_client_finished finished;
static int owners[LIMIT_CLIENT_GROUP_CALLS + 1]; /* how often each came back */

static void begin(unsigned calls_max)
{
	group = http_client_group_new(calls_max);
	assert_non_null(group);
	memset(owners, 0, sizeof(owners));
}

static bool add_for(const char *address, int owner, int64_t duration_ms)
{
	struct http_client_request request = {.url = address};

	return http_client_group_add(group, &request, loop_now_ms() + duration_ms, &owners[owner]);
}

static bool add(const char *address, int owner)
{
	return add_for(address, owner, PATIENCE_MS);
}

static int next(void)
{
	assert_true(http_client_group_next(group, &finished));
	++*(int *)finished.owner;
	return finished.result;
}

static void end(void)
{
	assert_int_equal(http_client_group_count(group), 0);
	assert_false(http_client_group_next(group, &finished));
	http_client_group_free(group);
}

static void expect_each_once(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(owners[i], 1);
}

/* The server answers when it has all of them: more than one connection may carry. */
ON_FIBER(calls_are_under_way_side_by_side_on_several_connections)
{
	char path[64], first[32];
	int others = 0;

	snprintf(path, sizeof(path), "/gather?count=%d", MANY);
	(void)url_of("https", "peer.test", peer.tls_port, path);
	begin(MANY);
	for (int i = 0; i < MANY; i++)
		assert_true(add(url, i));
	assert_int_equal(http_client_group_count(group), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(next(), 0);
		assert_int_equal(finished.response.status, 200);
		const char *connection = http_client_header(&finished.response, "X-Connection");

		if (i == 0)
			snprintf(first, sizeof(first), "%s", connection);
		others += strcmp(connection, first) != 0;
	}
	assert_true(others > 0 && others < MANY);
	expect_each_once(MANY);
	end();
}

ON_FIBER(a_call_is_added_when_another_one_is_taken)
{
	begin(3);
	for (int i = 0; i < 3; i++)
		assert_true(add(at("/hello"), i));
	for (int i = 3; i < 20; i++) {
		assert_false(add(at("/hello"), i));
		assert_int_equal(next(), 0);
		assert_string_equal(finished.response.body, "hello");
		assert_true(add(at("/hello"), i));
		assert_string_equal(finished.response.body, "hello"); /* until the next one */
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(next(), 0);
	expect_each_once(20);
	end();
}

ON_FIBER(each_call_has_a_deadline_of_its_own)
{
	begin(6);
	for (int i = 0; i < 3; i++)
		assert_true(add_for(at("/hang"), i, HANG_MS));
	for (int i = 3; i < 6; i++)
		assert_true(add(at("/hello"), i));
	for (int i = 0; i < 6; i++) {
		int result = next();
		bool hung = (int *)finished.owner < owners + 3;

		assert_int_equal(result, hung ? -ETIMEDOUT : 0);
		assert_int_equal(finished.response.status, hung ? 0 : 200);
		assert_non_null(strstr(finished.response.error, hung ? "deadline" : ""));
	}
	expect_each_once(6);
	end();
}

ON_FIBER(what_keeps_a_call_from_being_made_is_its_result)
{
	static const struct {
		const char *url;
		int result;
	} CASES[] = {
	    {"ftp://peer.test/", -EINVAL},
	    {"http://10.0.0.1/", -EACCES},
	    {"http://unknown.test/", -EHOSTUNREACH},
	    {"http://127.0.0.1:1/", -ECONNREFUSED},
	};

	begin(4);
	for (int i = 0; i < 4; i++)
		assert_true(add(CASES[i].url, i));
	for (int i = 0; i < 4; i++) {
		int result = next();

		assert_int_equal(result, CASES[(int *)finished.owner - owners].result);
		assert_string_not_equal(finished.response.error, "");
	}
	expect_each_once(4);
	end();
}

/* Those of a name that is being looked up keep their slots until the lookup ends. */
ON_FIBER(calls_that_nobody_waits_for_are_ended)
{
	int before = atomic_load(&lookups);
	char path[64];

	begin(3);
	assert_int_equal(get(at("/left?count=0")), 0);
	for (int i = 0; i < 2; i++)
		assert_true(add(at("/hang"), i));
	assert_true(add(url_of("http", "slow.test", peer.port, "/hello"), 2));
	snprintf(path, sizeof(path), "/hanging?count=2");
	assert_int_equal(get(at(path)), 0);
	while (atomic_load(&lookups) == before)
		co_sleep_ms(1);
	http_client_group_free(group);
	assert_int_equal(http_client_stats().calls, 1);
	sem_post(&slow_names);
	while (http_client_stats().calls > 0)
		co_sleep_ms(1);
	assert_int_equal(get(at("/left?count=2")), 0);
	assert_int_equal(response.status, 200);
}

/* Of all groups; other calls have slots of their own. */
ON_FIBER(calls_of_groups_are_bounded)
{
	enum { HALF = LIMIT_CLIENT_GROUP_CALLS / 2 };
	struct http_client_group *halves[2];

	for (int half = 0; half < 2; half++) {
		begin(HALF + 1);
		halves[half] = group;
		for (int i = 0; i < HALF; i++)
			assert_true(add_for(at("/hang"), i, HANG_MS));
	}
	assert_false(add(at("/hello"), HALF));
	assert_int_equal(get(url_of("https", "peer.test", peer.tls_port, "/hello")), 0);
	begin(1);
	assert_true(add(at("/hello"), 0)); /* no call of its own will end */
	assert_int_equal(next(), -EAGAIN);
	http_client_group_free(group);
	for (int half = 0; half < 2; half++) {
		group = halves[half];
		for (int i = 0; i < HALF; i++)
			assert_int_equal(next(), -ETIMEDOUT);
		end();
	}
}

static struct gang gang;

static void wait_for_the_end(void *arg)
{
	begin(10);
	for (int i = 0; i < 10; i++)
		assert_true(add(at("/hang"), i));
	for (int i = 0; i < 10; i++)
		assert_int_equal(next(), -ECANCELED);
	assert_true(add(at("/hello"), 10));
	assert_int_equal(next(), -ECANCELED);
	expect_each_once(11);
	end();
	gang_leave(&gang);
}

static void join(void *arg)
{
	gang_join(&gang);
}

static void calls_end_when_the_client_stops(void **state)
{
	gang.running = 1;
	assert_int_equal(co_start(wait_for_the_end, NULL), 0);
	http_client_stop();
	on_fiber(join, NULL);
	assert_int_equal(client_start(peer.ca_file), 0);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(calls_are_under_way_side_by_side_on_several_connections),
	    cmocka_unit_test(a_call_is_added_when_another_one_is_taken),
	    cmocka_unit_test(each_call_has_a_deadline_of_its_own),
	    cmocka_unit_test(what_keeps_a_call_from_being_made_is_its_result),
	    cmocka_unit_test(calls_that_nobody_waits_for_are_ended),
	    cmocka_unit_test(calls_of_groups_are_bounded),
	    cmocka_unit_test(calls_end_when_the_client_stops),
	};

	return cmocka_run_group_tests(TESTS, peer_start, peer_stop);
}
