/* The HTTP server: requests, their heads and bodies, and what is no request. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_server.h"
#include "net/listen.h"

static void a_prepared_reply_is_sent_from_begin(void **state)
{
	const char *reply = ask("GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_int_equal(count_of(reply, "HTTP/1.1 200 OK"), 1);
	assert_int_equal(count_of(reply, "X-Made: once"), 1);
	assert_non_null(strstr(reply, "\r\n\r\nprepared"));
}

static void a_connection_serves_many_requests_one_after_the_other(void **state)
{
	const char *reply = ask("GET /prepared HTTP/1.1\r\n" HOST "\r\n"
	                        "GET /slow HTTP/1.1\r\n" HOST "\r\n"
	                        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
	                        "GET /slow HTTP/1.1\r\n" HOST "\r\n"
	                        "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_int_equal(count_of(reply, "HTTP/1.1 200 OK"), 5);
	assert_int_equal(count_of(reply, "slow but sure"), 2);
	assert_true(strstr(reply, "hello") > strstr(reply, "slow but sure"));
}

static void a_request_may_come_byte_by_byte(void **state)
{
	const char request[] = "POST /echo HTTP/1.1\r\n" LAST "Content-Length: 5\r\n\r\nhello";

	assert_non_null(strstr(talk(send_by_bytes, request, strlen(request)), "hello"));
}

static void head_has_no_body(void **state)
{
	const char *reply = ask("HEAD /slow HTTP/1.1\r\n" LAST "\r\n");

	assert_non_null(strstr(reply, "Content-Length: 13"));
	assert_null(strstr(reply, "slow but sure"));
}

static void target_and_query_stay_encoded(void **state)
{
	assert_non_null(strstr(ask("GET /query?a=%41&b=%zz&c HTTP/1.1\r\n" LAST "\r\n"),
	                       "\r\n\r\na=%41&b=%zz&c"));
	assert_non_null(strstr(ask("GET /a%2Fb%00 HTTP/1.1\r\n" LAST "\r\n"), "/a%2Fb%00"));
}

static void a_target_may_name_scheme_and_host(void **state)
{
	assert_non_null(
	    strstr(ask("GET http://test/query?a=b HTTP/1.1\r\n" LAST "\r\n"), "\r\n\r\na=b"));
	assert_non_null(
	    strstr(ask("GET HTTPS://test:443/other HTTP/1.1\r\n" LAST "\r\n"), "\r\n\r\n/other"));
	assert_non_null(strstr(ask("GET http://test?a HTTP/1.1\r\n" LAST "\r\n"), "\r\n\r\n/"));
}

static void the_peer_is_an_address(void **state)
{
	assert_non_null(strstr(ask("GET /peer HTTP/1.1\r\n" LAST "\r\n"), "127.0.0.1"));
}

static void a_repeated_header_is_told_from_a_single_one(void **state)
{
	assert_non_null(
	    strstr(ask("GET /twice HTTP/1.1\r\n" LAST "X-A: 1\r\nx-a: 2\r\n\r\n"), "repeated"));
	assert_non_null(strstr(ask("GET /twice HTTP/1.1\r\n" LAST "X-A: 1\r\n\r\n"), "single"));
}

static void a_body_up_to_the_bound_is_taken(void **state)
{
	const char *reply = ask_with_body(
	    "POST /echo HTTP/1.1\r\n" LAST "Content-Length: 100000\r\n\r\n", ECHO_MAX, "");

	assert_non_null(strstr(reply, "200 OK"));
	assert_int_equal(strlen(strstr(reply, "\r\n\r\n") + 4), ECHO_MAX);
}

static void a_body_past_the_bound_is_413_and_the_connection_goes_on(void **state)
{
	const char *reply =
	    ask_with_body("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n",
	                  ECHO_MAX + 1, "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_non_null(strstr(reply, " 413 "));
	assert_non_null(strstr(reply, "prepared"));
}

static void a_chunked_body_past_the_bound_is_413(void **state)
{
	const char *reply = ask_with_body("POST /echo HTTP/1.1\r\n" LAST
	                                  "Transfer-Encoding: chunked\r\n\r\n30d40\r\n",
	                                  200000, "\r\n0\r\n\r\n");

	assert_non_null(strstr(reply, " 413 "));
}

static void a_huge_announced_body_is_413_at_once(void **state)
{
	const char *reply =
	    ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n");

	assert_non_null(strstr(reply, " 413 "));
	assert_non_null(strstr(reply, "Connection: close"));
}

static void a_client_that_asks_first_is_told_to_continue_or_not(void **state)
{
	static const char REQUEST[] =
	    "POST /echo HTTP/1.1\r\n" LAST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok";
	const char *reply = talk(send_when_told, REQUEST, sizeof(REQUEST) - 1);

	assert_non_null(strstr(reply, "HTTP/1.1 100 Continue"));
	assert_non_null(strstr(reply, "\r\n\r\nok"));
	reply = ask("POST /refuse HTTP/1.1\r\n" HOST
	            "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	assert_null(strstr(reply, "100 Continue"));
	assert_non_null(strstr(reply, " 401 "));
}

static void a_refused_body_is_thrown_away(void **state)
{
	const char *reply =
	    ask_with_body("POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n", 300000,
	                  "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_non_null(strstr(reply, " 401 "));
	assert_non_null(strstr(reply, "prepared"));
}

static void a_chunked_body_is_collected(void **state)
{
	const char *reply = ask("POST /echo HTTP/1.1\r\n" LAST "Transfer-Encoding: chunked\r\n\r\n"
	                        "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");

	assert_non_null(strstr(reply, "\r\n\r\nhello world"));
}

/* Again and again, for the server may not have read it when it is asked first. */
static void send_and_be_slow(struct talk *talk, int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	size_t before;

	send_all(fd, talk->request, talk->request_length);
	do {
		while (poll(&readable, 1, 10) == 0)
			want_end_of_slow();
		before = talk->reply_length;
		receive_some(talk, fd);
	} while (talk->reply_length > before);
}

static void headers_that_do_not_end_are_not_waited_for(void **state)
{
	const char half[] = "GET /prepared HTTP/1.1\r\n" HOST "X-Slow: ";
	const char second[] = "GET /prepared HTTP/1.1\r\n" HOST "\r\nGET /pre";
	const char whole[] = "GET /slow HTTP/1.1\r\n" LAST "\r\n";

	assert_string_equal(talk(send_and_be_slow, half, strlen(half)), "");
	assert_int_equal(count_of(talk(send_and_be_slow, second, strlen(second)), "HTTP/1.1"), 1);
	assert_non_null(strstr(talk(send_and_be_slow, whole, strlen(whole)), "slow but sure"));
}

static void a_client_that_vanishes_while_a_fiber_works_harms_nobody(void **state)
{
	const char request[] = "GET /slow HTTP/1.1\r\n" HOST "\r\n";
	int before = finished;

	(void)talk(send_and_vanish, request, strlen(request));
	assert_int_equal(finished, before + 1);
}

/* Each is answered once, and its connection ends. */
static void malformed_requests_are_refused(void **state)
{
	static const char *const requests[] = {
	    "nonsense\r\n\r\n",
	    "GET /slow HTTP/1.1\r\n\r\n", /* no host */
	    "GET /slow HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
	    "GET /slow HTTP/1.1\r\n" HOST "X : y\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\nabc",
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
	    "POST /in/all HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const char *reply = ask(requests[i]);
		if (strncmp(reply, "HTTP/1.1 400 ", 13) != 0 || count_of(reply, "HTTP/1.1 ") != 1 ||
		    count_of(reply, "Connection: close\r\n") != 1)
			fail_msg("request %zu got %.200s", i, reply);
	}
	assert_non_null(strstr(ask("GET /prepared HTTP/1.1\r\n" LAST "\r\n"), "prepared"));
}

static void what_comes_before_a_malformed_request_is_answered(void **state)
{
	const char request[] = "GET /prepared HTTP/1.1\r\n" HOST "\r\n"
	                       "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok"
	                       "GET /slow HTTP/1.1\r\n" HOST "\r\n"
	                       "GET /never HTTP/1.1\r\n" HOST "X : y\r\n\r\n"
	                       "GET /prepared HTTP/1.1\r\n" HOST "\r\n";
	void (*const scripts[])(struct talk * talk, int fd) = {send_and_receive, send_by_bytes};

	for (int i = 0; i < 2; i++) {
		const char *reply = talk(scripts[i], request, sizeof(request) - 1);

		assert_int_equal(count_of(reply, "HTTP/1.1 200 OK"), 3);
		assert_int_equal(count_of(reply, "HTTP/1.1 400 "), 1);
		assert_true(strstr(reply, " 400 ") > strstr(reply, "slow but sure"));
		assert_int_equal(count_of(reply, "prepared"), 1);
	}
}

static void headers_past_the_bound_are_refused(void **state)
{
	const char *reply =
	    ask_with_body("GET /prepared HTTP/1.1\r\n" LAST "X: ", 200000, "\r\n\r\n");

	assert_non_null(strstr(reply, "HTTP/1.1 431 "));
	reply = ask_with_body("GET /", 200000, " HTTP/1.1\r\n" LAST "\r\n");
	assert_non_null(strstr(reply, "HTTP/1.1 414 "));
}

static void addresses_are_read_as_people_write_them(void **state)
{
	struct listen_address address;

	assert_int_equal(listen_parse("127.0.0.1:8080", &address), 0);
	assert_int_equal(address.address.ss_family, AF_INET);
	assert_int_equal(listen_parse("[::1]:8080", &address), 0);
	assert_int_equal(address.address.ss_family, AF_INET6);
	assert_int_equal(listen_parse("unix:/tmp/x", &address), 0);
	assert_int_equal(address.address.ss_family, AF_UNIX);
	static const char *const wrong[] = {
	    "",      ":",      "8080",    "x:1",   "1.2.3.4:",  "1.2.3.4:70000",
	    "[::1]", "::1:80", "[::1:80", "unix:", "1.2.3.4:8x"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(listen_parse(wrong[i], &address), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_prepared_reply_is_sent_from_begin),
	    cmocka_unit_test(a_connection_serves_many_requests_one_after_the_other),
	    cmocka_unit_test(a_request_may_come_byte_by_byte),
	    cmocka_unit_test(head_has_no_body),
	    cmocka_unit_test(target_and_query_stay_encoded),
	    cmocka_unit_test(a_target_may_name_scheme_and_host),
	    cmocka_unit_test(the_peer_is_an_address),
	    cmocka_unit_test(a_repeated_header_is_told_from_a_single_one),
	    cmocka_unit_test(a_body_up_to_the_bound_is_taken),
	    cmocka_unit_test(a_body_past_the_bound_is_413_and_the_connection_goes_on),
	    cmocka_unit_test(a_chunked_body_past_the_bound_is_413),
	    cmocka_unit_test(a_huge_announced_body_is_413_at_once),
	    cmocka_unit_test(a_client_that_asks_first_is_told_to_continue_or_not),
	    cmocka_unit_test(a_refused_body_is_thrown_away),
	    cmocka_unit_test(a_chunked_body_is_collected),
	    cmocka_unit_test(headers_that_do_not_end_are_not_waited_for),
	    cmocka_unit_test(a_client_that_vanishes_while_a_fiber_works_harms_nobody),
	    cmocka_unit_test(malformed_requests_are_refused),
	    cmocka_unit_test(what_comes_before_a_malformed_request_is_answered),
	    cmocka_unit_test(headers_past_the_bound_are_refused),
	    cmocka_unit_test(addresses_are_read_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
