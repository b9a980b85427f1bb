/* Calls of the HTTP client to real servers. */
#include "unit.h"

#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "fibers.h"
#include "http_peer.h"

enum { HANG_MS = 3000, SOON_MS = 100, MANY = 60 };

ON_FIBER(a_response_has_status_headers_and_body)
{
	assert_int_equal(get(at("/hello")), 0);
	assert_int_equal(response.status, 200);
	assert_string_equal(response.body, "hello");
	assert_int_equal(response.body_length, 5);
	assert_string_equal(response.error, "");
	expect_header("x-two", "1");
	expect_header("X-Empty", "");
	assert_null(http_client_header(&response, "X-None"));
	assert_int_equal(get(at("/nowhere")), 0);
	assert_int_equal(response.status, 404);
	assert_string_equal(response.body, "unknown");
	assert_int_equal(
	    send_request((struct http_client_request){.method = "HEAD", .url = at("/hello")}), 0);
	expect_header("Content-Length", "5");
	assert_string_equal(response.body, "");
}

ON_FIBER(a_request_is_sent_as_it_is_given)
{
	static const struct http_header HEADERS[] = {
	    {"Content-Type", "application/json"}, {"X-Key", "one; two"}, {"X-Empty", ""}};
	struct http_client_request request = {.method = "POST",
	                                      .url = at("/echo?a=%2F#top"),
	                                      .headers = HEADERS,
	                                      .header_count = 3,
	                                      .body = "{}\0.",
	                                      .body_length = 4};

	assert_int_equal(send_request(request), 0);
	assert_non_null(strstr(response.body, "POST /echo?a=%2F\n"));
	assert_non_null(strstr(response.body, "\ncontent-type: application/json\n"));
	assert_non_null(strstr(response.body, "\nx-key: one; two\n"));
	assert_non_null(strstr(response.body, "\nx-empty: \n"));
	assert_non_null(strstr(response.body, "\ncontent-length: 4\n"));
	assert_non_null(strstr(response.body, "\nuser-agent: sebez/"));
	assert_null(strstr(response.body, "expect"));
	assert_null(strstr(response.body, "accept-encoding"));
	assert_memory_equal(response.body + response.body_length - 4, "{}\0.", 4);
	request = (struct http_client_request){.method = "PUT", .url = at("/echo")};
	assert_int_equal(send_request(request), 0);
	assert_non_null(strstr(response.body, "PUT /echo\n"));
	assert_non_null(strstr(response.body, "\ncontent-length: 0\n"));
	assert_null(strstr(response.body, "content-type"));
	request.method = "DELETE";
	assert_int_equal(send_request(request), 0);
	assert_non_null(strstr(response.body, "DELETE /echo\n"));
}

ON_FIBER(nobody_who_listens_is_told_apart_from_no_such_name)
{
	expect_failure(get("http://127.0.0.1:1/"), -ECONNREFUSED, "connect");
	expect_failure(get("http://unknown.test/"), -EHOSTUNREACH, "resolve");
}

ON_FIBER(the_deadline_ends_a_call_whatever_it_waits_for)
{
	static const char *const SLOW[] = {"/hang", "/drip?bytes=1"};

	for (size_t i = 0; i < 2; i++) {
		struct http_client_request request = {.url = at(SLOW[i])};
		expect_failure(
		    http_client_send(arena, &request, loop_now_ms() + SOON_MS, &response),
		    -ETIMEDOUT, "deadline");
	}
	struct http_client_request request = {.url = at("/hello")};
	expect_failure(http_client_send(arena, &request, 1, &response), -ETIMEDOUT, "deadline");
	/* The connections are closed at once. */
	assert_int_equal(get(at("/left?count=2")), 0);
	assert_int_equal(response.status, 200);
}

ON_FIBER(a_name_that_is_not_found_in_time_stops_nobody)
{
	struct http_client_request request = {.url =
	                                          url_of("http", "slow.test", peer.port, "/hello")};
	int before = atomic_load(&lookups);

	expect_failure(http_client_send(arena, &request, loop_now_ms() + SOON_MS, &response),
	               -ETIMEDOUT, "deadline");
	while (atomic_load(&lookups) == before)
		co_sleep_ms(1);
	assert_int_equal(get(at("/hello")), 0);
	/* Its slot is free when the lookup ends. */
	assert_int_equal(http_client_stats().calls, 1);
	sem_post(&slow_names);
	while (http_client_stats().calls > 0)
		co_sleep_ms(1);
}

ON_FIBER(a_large_body_is_refused)
{
	static const char *const PATHS[] = {"/body?bytes=%d", "/chunks?bytes=%d"};
	char path[64];

	for (size_t i = 0; i < 2; i++) {
		struct http_client_request request = {.url = url, .body_max = 20000};

		snprintf(path, sizeof(path), PATHS[i], 20000);
		(void)at(path);
		assert_int_equal(send_request(request), 0);
		assert_int_equal(response.body_length, 20000);
		snprintf(path, sizeof(path), PATHS[i], 21000);
		(void)at(path);
		expect_failure(send_request(request), -EMSGSIZE, "larger than 20000");
		snprintf(path, sizeof(path), PATHS[i], LIMIT_CLIENT_BODY_BYTES + 1000);
		expect_failure(get(at(path)), -EMSGSIZE, "body");
	}
	assert_int_equal(get(at("/chunks?bytes=1000")), 0);
	assert_null(http_client_header(&response, "X-Two")); /* it is a trailer */
}

ON_FIBER(large_headers_are_refused)
{
	assert_int_equal(get(at("/heads?bytes=20000")), 0);
	expect_failure(get(at("/heads?bytes=33000")), -EMSGSIZE, "headers");
	assert_int_equal(get(at("/interim?count=2")), 0);
	assert_int_equal(response.status, 200);
	assert_string_equal(response.body, "late");
	assert_null(http_client_header(&response, "X-Early"));
	expect_failure(get(at("/interim?count=300")), -EMSGSIZE, "headers");
}

ON_FIBER(a_connection_that_breaks_is_an_error)
{
	expect_failure(get(at("/cut")), -ECONNRESET, "990 bytes");
	expect_failure(get(at("/silence")), -ECONNRESET, "empty reply");
	expect_failure(get(at("/garbage")), -EPROTO, "HTTP");
	expect_failure(get(at("/strange")), -EPROTO, "status 42");
}

ON_FIBER(connections_are_used_again)
{
	char connection[32];

	assert_int_equal(get(at("/hello")), 0);
	snprintf(connection, sizeof(connection), "%s", http_client_header(&response, "X-Peer"));
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get(at("/hello")), 0);
		expect_header("X-Peer", connection);
	}
}

ON_FIBER(http2_works_without_tls_for_who_knows_it)
{
	struct http_client_request request = {
	    .url = url_of("http", "127.0.0.1", peer.clear_port, "/hello"), .http2_only = true};

	assert_int_equal(send_request(request), 0);
	expect_header("X-Protocol", "HTTP/2.0");
	assert_string_equal(response.body, "hello");
}

ON_FIBER(outcomes_are_counted)
{
	struct http_client_stats before = http_client_stats();

	assert_int_equal(get(at("/hello")), 0);
	assert_int_equal(get("http://10.0.0.1/"), -EACCES);
	assert_int_equal(get(at("/silence")), -ECONNRESET);
	struct http_client_stats after = http_client_stats();

	for (int i = 0; i < HTTP_CLIENT_OUTCOME_COUNT; i++)
		assert_int_equal(after.outcomes[i] - before.outcomes[i],
		                 i == HTTP_CLIENT_ANSWERED || i == HTTP_CLIENT_REFUSED ||
		                     i == HTTP_CLIENT_FAILED);
	assert_int_equal(after.calls, 0);
}

/* Many calls at once. */

static struct {
	struct gang gang;
	const char *url;
	size_t body_max;
	int results[LIMIT_CLIENT_CALLS + 1];
	char connections[MANY][32];
	unsigned started;
	int64_t deadline_ms;
} many;

static void send_one_of_many(void *arg)
{
	struct arena *mine = arena_new(1024 * 1024, NULL, NULL);
	unsigned number = many.started++;
	struct http_client_request request = {.url = many.url, .body_max = many.body_max};
	struct http_client_response got;

	many.results[number] = http_client_send(mine, &request, many.deadline_ms, &got);
	const char *connection = http_client_header(&got, "X-Connection");

	if (number < MANY)
		snprintf(many.connections[number], sizeof(many.connections[number]), "%s",
		         connection != NULL && got.status == 200 ? connection : "none");
	arena_free(mine);
	gang_leave(&many.gang);
}

static void start_many(unsigned count, const char *address, int64_t duration_ms)
{
	many.url = address;
	many.gang.running += count;
	many.deadline_ms = loop_now_ms() + duration_ms;
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(co_start(send_one_of_many, NULL), 0);
}

static void join_on_fiber(void *arg)
{
	gang_join(&many.gang);
}

static void join_many(void)
{
	on_fiber(join_on_fiber, NULL);
	many.started = 0;
}

/* The server answers when it has all of them. */
static void many_calls_share_one_http2_connection(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "/gather?count=%d", MANY);
	start_many(MANY, url_of("https", "peer.test", peer.tls_port, path), PATIENCE_MS);
	join_many();
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(many.results[i], 0);
		assert_string_equal(many.connections[i], many.connections[0]);
		assert_string_not_equal(many.connections[i], "none");
	}
}

static void count_connections(void *arg)
{
	struct http_client_request request = {.url = arg, .trusted = true};

	assert_int_equal(send_request(request), 0);
	assert_int_equal(atoi(response.body), LIMIT_CLIENT_HOST_CONNECTIONS);
}

static void calls_and_connections_are_bounded(void **state)
{
	char path[64];

	start_many(LIMIT_CLIENT_CALLS + 1, at("/hang"), HANG_MS);
	assert_int_equal(many.results[LIMIT_CLIENT_CALLS], -EAGAIN);
	snprintf(path, sizeof(path), "/hanging?count=%d", LIMIT_CLIENT_HOST_CONNECTIONS);
	on_fiber(count_connections, (void *)at(path));
	join_many();
	for (int i = 0; i < LIMIT_CLIENT_CALLS; i++)
		assert_int_equal(many.results[i], -ETIMEDOUT);
}

/* Each of them alone is within the bound. */
static void bodies_that_arrive_are_bounded(void **state)
{
	char path[64];
	int counts[2] = {0};

	snprintf(path, sizeof(path), "/drip?bytes=%d", LIMIT_CLIENT_BODIES_BYTES * 2 / 3);
	many.body_max = LIMIT_CLIENT_BODIES_BYTES;
	start_many(2, at(path), PATIENCE_MS);
	while (many.gang.running > 1)
		(void)uv_run(loop_uv(), UV_RUN_ONCE);
	http_client_stop();
	join_many();
	many.body_max = 0;
	for (int i = 0; i < 2; i++)
		counts[many.results[i] == -EAGAIN] += many.results[i] != 0;
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 1);
	assert_int_equal(client_start(peer.ca_file), 0);
	assert_int_equal(http_client_stats().calls, 0);
}

static void calls_under_way_end_when_the_client_stops(void **state)
{
	int before = atomic_load(&lookups);

	start_many(20, at("/hang"), PATIENCE_MS);
	start_many(20, url_of("http", "slower.test", peer.port, "/hello"), PATIENCE_MS);
	while (atomic_load(&lookups) < before + LIMIT_CLIENT_HOST_CONNECTIONS) {
		(void)uv_run(loop_uv(), UV_RUN_NOWAIT);
		usleep(1000);
	}
	http_client_stop();
	join_many();
	for (int i = 0; i < 40; i++)
		assert_int_equal(many.results[i], -ECANCELED);
	for (int i = 0; i < LIMIT_CLIENT_HOST_CONNECTIONS; i++)
		sem_post(&slow_names);
	start_many(1, at("/hello"), PATIENCE_MS);
	join_many();
	assert_int_equal(many.results[0], -ECANCELED);
	assert_int_equal(client_start(peer.ca_file), 0);
	start_many(1, at("/hello"), PATIENCE_MS);
	join_many();
	assert_int_equal(many.results[0], 0);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(a_response_has_status_headers_and_body),
	    cmocka_unit_test(a_request_is_sent_as_it_is_given),
	    cmocka_unit_test(nobody_who_listens_is_told_apart_from_no_such_name),
	    cmocka_unit_test(the_deadline_ends_a_call_whatever_it_waits_for),
	    cmocka_unit_test(a_name_that_is_not_found_in_time_stops_nobody),
	    cmocka_unit_test(a_large_body_is_refused),
	    cmocka_unit_test(large_headers_are_refused),
	    cmocka_unit_test(a_connection_that_breaks_is_an_error),
	    cmocka_unit_test(connections_are_used_again),
	    cmocka_unit_test(http2_works_without_tls_for_who_knows_it),
	    cmocka_unit_test(many_calls_share_one_http2_connection),
	    cmocka_unit_test(calls_and_connections_are_bounded),
	    cmocka_unit_test(bodies_that_arrive_are_bounded),
	    cmocka_unit_test(outcomes_are_counted),
	    cmocka_unit_test(calls_under_way_end_when_the_client_stops),
	};

	return cmocka_run_group_tests(TESTS, peer_start, peer_stop);
}
