/* The HTTP server: exchanges whose sockets are set aside while they wait, and draining. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http_server.h"

static const char *ask_one_by_one(const char *request)
{
	set_aside = 0;
	return talk(send_one_by_one, request, strlen(request));
}

static void an_exchange_that_is_set_aside_is_answered_and_its_connection_goes_on(void **state)
{
	const char *reply = ask_one_by_one("GET /prepared HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /aside/first HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /aside/later HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /prepared HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /aside/first HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_int_equal(count_of(reply, "HTTP/1.1 200 OK\r\n"), 6);
	assert_int_equal(count_of(reply, "Date: "), 6);
	assert_int_equal(count_of(reply, "Content-Type: text/plain\r\n"), 3);
	assert_int_equal(count_of(reply, "Content-Length: 3\r\n\r\n~~~"), 3);
	assert_int_equal(set_aside, 3);
}

static void a_request_that_comes_meanwhile_is_answered_next(void **state)
{
	const char request[] = "GET /aside/held HTTP/1.1\r\n" HOST "\r\n"
	                       "GET /prepared HTTP/1.1\r\n" LAST "\r\n";

	set_aside = 0;
	const char *reply = talk(send_meanwhile, request, strlen(request));
	assert_non_null(strstr(reply, "~~~HTTP/1.1 200 OK"));
	assert_non_null(strstr(reply, "prepared"));
	assert_int_equal(set_aside, 1);
}

static void who_has_sent_more_already_is_not_set_aside(void **state)
{
	set_aside = 0;
	const char *reply = ask("GET /aside/first HTTP/1.1\r\n" HOST "\r\n"
	                        "GET /aside/at-once HTTP/1.1\r\n" HOST "\r\n"
	                        "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_int_equal(count_of(reply, "HTTP/1.1 200 OK"), 3);
	assert_int_equal(count_of(reply, "~~~"), 2);
	assert_int_equal(set_aside, 0);
}

static void bodies_before_it_hinder_nothing(void **state)
{
	static const char COUNTED[] =
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody|"
	    "GET /aside/first HTTP/1.1\r\n" HOST "\r\n|"
	    "GET /prepared HTTP/1.1\r\n" LAST "\r\n";
	static const char CHUNKED[] =
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n|"
	    "GET /aside/first HTTP/1.1\r\n" HOST "\r\n|"
	    "GET /prepared HTTP/1.1\r\n" LAST "\r\n";

	assert_non_null(strstr(ask_one_by_one(COUNTED), "~~~HTTP/1.1 200 OK"));
	assert_int_equal(set_aside, 1);
	assert_non_null(strstr(ask_one_by_one(CHUNKED), "~~~HTTP/1.1 200 OK"));
	assert_int_equal(set_aside, 1);
}

static void who_wants_to_close_or_is_old_is_not_set_aside(void **state)
{
	set_aside = 0;
	assert_non_null(strstr(ask("GET /aside/first HTTP/1.1\r\n" LAST "\r\n"), "~~~"));
	assert_non_null(strstr(ask("GET /aside/first HTTP/1.0\r\n\r\n"), "~~~"));
	assert_int_equal(set_aside, 0);
}

static void what_is_answered_at_once_is_answered_once(void **state)
{
	const char *reply = ask_one_by_one("GET /aside/at-once HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /aside/at-once HTTP/1.1\r\n" HOST "\r\n|"
	                                   "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_int_equal(count_of(reply, "HTTP/1.1 200 OK"), 3);
	assert_int_equal(set_aside, 0);
}

static void a_large_answer_reaches_a_slow_client_that_was_set_aside(void **state)
{
	const char request[] = "GET /aside/large HTTP/1.1\r\n" HOST "\r\n"
	                       "GET /prepared HTTP/1.1\r\n" LAST "\r\n";

	set_aside = 0;
	const char *reply = talk(stare_then_ask, request, strlen(request));
	assert_int_equal(count_of(strstr(reply, "\r\n\r\n"), "~"), LARGE_BYTES);
	assert_non_null(strstr(reply, "prepared"));
	assert_int_equal(set_aside, 1);
}

static void a_client_that_vanishes_while_it_is_set_aside_harms_nobody(void **state)
{
	static const char *const requests[] = {"GET /aside/held HTTP/1.1\r\n" HOST "\r\n",
	                                       "GET /aside/held/large HTTP/1.1\r\n" HOST "\r\n"};

	for (int i = 0; i < 2; i++) {
		int before = finished;

		(void)talk(send_and_vanish_aside, requests[i], strlen(requests[i]));
		assert_int_equal(finished, before + 1);
		assert_int_equal(http_server_connections(server), 0);
	}
}

static void send_and_go(struct talk *talk, int fd)
{
	send_all(fd, talk->request, talk->request_length);
}

static void a_client_that_left_before_it_is_set_aside_is_missed_at_once(void **state)
{
	const char request[] = "GET /aside/gone HTTP/1.1\r\n" HOST "\r\n";

	set_aside = 0;
	(void)talk(send_and_go, request, strlen(request));
	assert_int_equal(set_aside, 1);
	assert_int_equal(http_server_connections(server), 0);
}

static void drain_then_ask(struct talk *talk, int fd)
{
	const char first[] = "GET /prepared HTTP/1.1\r\n" HOST "\r\n";
	int before = drained;

	send_all(fd, first, strlen(first));
	receive_some(talk, fd);
	want_drain();
	wait_past(&drained, before);
	send_and_receive(talk, fd);
}

static void draining_asks_clients_to_go(void **state)
{
	const char request[] = "GET /prepared HTTP/1.1\r\n" HOST "\r\n"
	                       "GET /prepared HTTP/1.1\r\n" HOST "\r\n";

	const char *reply = talk(drain_then_ask, request, strlen(request));
	assert_int_equal(count_of(reply, "HTTP/1.1 200 OK"), 2);
	assert_int_equal(count_of(reply, "Connection: close"), 1);
}

static void ask_then_drain(struct talk *talk, int fd)
{
	int before = drained;

	send_all(fd, talk->request, talk->request_length);
	wait_past(&set_aside_now, 0);
	want_drain();
	wait_past(&drained, before);
	is_done = true;
	receive_all(talk, fd);
}

static void draining_closes_who_was_set_aside(void **state)
{
	const char request[] = "GET /aside/held HTTP/1.1\r\n" HOST "\r\n";

	set_aside = 0;
	const char *reply = talk(ask_then_drain, request, strlen(request));
	assert_int_equal(count_of(reply, "Connection: close\r\n"), 1);
	assert_non_null(strstr(reply, "~~~"));
	assert_int_equal(set_aside, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_exchange_that_is_set_aside_is_answered_and_its_connection_goes_on),
	    cmocka_unit_test(a_request_that_comes_meanwhile_is_answered_next),
	    cmocka_unit_test(who_has_sent_more_already_is_not_set_aside),
	    cmocka_unit_test(bodies_before_it_hinder_nothing),
	    cmocka_unit_test(who_wants_to_close_or_is_old_is_not_set_aside),
	    cmocka_unit_test(what_is_answered_at_once_is_answered_once),
	    cmocka_unit_test(a_large_answer_reaches_a_slow_client_that_was_set_aside),
	    cmocka_unit_test(a_client_that_vanishes_while_it_is_set_aside_harms_nobody),
	    cmocka_unit_test(a_client_that_left_before_it_is_set_aside_is_missed_at_once),
	    cmocka_unit_test(draining_asks_clients_to_go),
	    cmocka_unit_test_setup(draining_closes_who_was_set_aside, start_another),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
