/* The HTTP server: bodies and replies that are streamed, either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_server.h"
#include "net/http_internal.h"

static void a_stream_reaches_its_reader_whole(void **state)
{
	const char *fast = ask_with_body(
	    "POST /in/fast HTTP/1.1\r\n" LAST "Content-Length: 900000\r\n\r\n", 900000, "");
	assert_non_null(strstr(fast, "sum 88200000"));
	const char *slow = ask_with_body("POST /in/slow HTTP/1.1\r\n" LAST
	                                 "Transfer-Encoding: chunked\r\n\r\ndbba0\r\n",
	                                 900000, "\r\n0\r\n\r\n");
	assert_non_null(strstr(slow, "sum 88200000"));
}

static void a_stream_is_read_in_whole_pieces(void **state)
{
	const char *sized = ask_with_body(
	    "POST /in/whole HTTP/1.1\r\n" LAST "Content-Length: 900000\r\n\r\n", 900000, "");
	assert_non_null(strstr(sized, "sum 88200000 in 901"));
	const char *chunked = ask_with_body("POST /in/whole HTTP/1.1\r\n" LAST
	                                    "Transfer-Encoding: chunked\r\n\r\ndbba1\r\n",
	                                    900001, "\r\n0\r\n\r\n");
	assert_non_null(strstr(chunked, "sum 88200098 in 902"));
}

static void a_stream_without_a_body_ends_at_once(void **state)
{
	assert_non_null(strstr(ask("POST /in/none HTTP/1.1\r\n" LAST "\r\n"), "sum 0"));
}

static void an_answer_before_the_stream_has_ended_is_sent(void **state)
{
	const char *reply =
	    ask_with_body("POST /in/early HTTP/1.1\r\n" HOST "Content-Length: 500000\r\n\r\n",
	                  500000, "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_non_null(strstr(reply, "sum "));
	assert_non_null(strstr(reply, "prepared"));
}

static void a_reader_whose_client_vanishes_is_told(void **state)
{
	static const char *const REQUESTS[] = {
	    "POST /in/x HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nabc",
	    "POST /in/whole HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nabc"};

	for (size_t i = 0; i < 2; i++) {
		int before = resets;

		(void)talk(send_and_vanish, REQUESTS[i], strlen(REQUESTS[i]));
		assert_int_equal(resets, before + 1);
	}
}

static void a_reader_whose_client_stops_is_told(void **state)
{
	const char request[] = "POST /in/idle HTTP/1.1\r\n" HOST "Content-Length: 2003\r\n\r\nabc";
	int before = resets;

	(void)talk(send_and_stop, request, strlen(request));
	assert_int_equal(resets, before + 1);
}

static void a_reply_may_be_streamed(void **state)
{
	const char *reply = ask("GET /out HTTP/1.1\r\n" HOST "\r\n"
	                        "GET /prepared HTTP/1.1\r\n" LAST "\r\n");

	assert_int_equal(count_of(strstr(reply, "\r\n\r\n"), "~"), STREAM_BYTES);
	assert_non_null(strstr(reply, "Transfer-Encoding: chunked"));
	assert_non_null(strstr(reply, "0\r\n\r\nHTTP/1.1 200 OK"));
}

static void an_old_client_gets_its_stream_until_the_end(void **state)
{
	const char *reply = ask("GET /out HTTP/1.0\r\n\r\n");

	assert_null(strstr(reply, "chunked"));
	assert_int_equal(strlen(strstr(reply, "\r\n\r\n") + 4), STREAM_BYTES);
}

static void a_writer_whose_client_vanishes_is_told(void **state)
{
	const char request[] = "GET /flood HTTP/1.1\r\n" HOST "\r\n";
	int before = resets;

	(void)talk(send_and_vanish, request, strlen(request));
	assert_int_equal(resets, before + 1);
}

static void a_stream_that_timed_out_does_not_look_whole(void **state)
{
	const char request[] = "GET /flood HTTP/1.1\r\n" LAST "\r\n";
	int before = resets;
	const char *reply = talk(send_and_stare, request, strlen(request));

	assert_int_equal(resets, before + 1);
	assert_non_null(strstr(reply, "~~~"));
	assert_null(strstr(reply, "\r\n0\r\n"));
}

static void a_stream_that_was_given_up_does_not_look_whole(void **state)
{
	const char *reply = ask("GET /broken HTTP/1.1\r\n" HOST "\r\n");

	assert_true(was_reset);
	assert_null(strstr(reply, "\r\n0\r\n"));
	(void)ask("GET /broken HTTP/1.0\r\n\r\n");
	assert_true(was_reset);
	(void)ask("GET /out HTTP/1.0\r\n\r\n");
	assert_false(was_reset);
}

/* As many more connections, of which nobody reads. */
static void ask_often(struct talk *talk, int fd)
{
	enum { MORE = 400 };
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int fds[MORE];

	(void)getpeername(fd, (struct sockaddr *)&address, &length);
	for (int i = 0; i < MORE; i++) {
		fds[i] = socket(address.ss_family, SOCK_STREAM, 0);
		(void)connect(fds[i], (struct sockaddr *)&address, length);
		send_all(fds[i], talk->request, talk->request_length);
	}
	for (int i = 0; i < MORE; i++) {
		char byte;

		(void)recv(fds[i], &byte, 1, 0); /* it has been answered */
	}
	for (int i = 0; i < MORE; i++)
		(void)close(fds[i]);
}

static void all_streams_together_are_bounded(void **state)
{
	const char request[] = "GET /events HTTP/1.1\r\n" HOST "\r\n";

	events_taken = 0;
	(void)talk(ask_often, request, sizeof(request) - 1);
	assert_in_range(events_taken, 200, 399);
	assert_int_equal(server->stream_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stream_reaches_its_reader_whole),
	    cmocka_unit_test(a_stream_is_read_in_whole_pieces),
	    cmocka_unit_test(a_stream_without_a_body_ends_at_once),
	    cmocka_unit_test(an_answer_before_the_stream_has_ended_is_sent),
	    cmocka_unit_test(a_reader_whose_client_vanishes_is_told),
	    cmocka_unit_test(a_reader_whose_client_stops_is_told),
	    cmocka_unit_test(a_reply_may_be_streamed),
	    cmocka_unit_test(an_old_client_gets_its_stream_until_the_end),
	    cmocka_unit_test(a_writer_whose_client_vanishes_is_told),
	    cmocka_unit_test(a_stream_that_timed_out_does_not_look_whole),
	    cmocka_unit_test(a_stream_that_was_given_up_does_not_look_whole),
	    cmocka_unit_test(all_streams_together_are_bounded),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
