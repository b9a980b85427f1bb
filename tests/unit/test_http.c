/* The HTTP server, driven over loopback sockets by a thread that plays the client. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_talk.h"
#include "net/co.h"
#include "net/http.h"
#include "net/listen.h"
#include "net/loop.h"

#define HOST "Host: test\r\n"
#define LAST HOST "Connection: close\r\n"

enum { STREAM_BYTES = 300 * 1000, ECHO_MAX = 100 * 1000, LARGE_BYTES = 12 * 1024 * 1024 };

static struct http_server *server;
static struct http_prepared *prepared;
static int port;
static int finished;
static int resets; /* fibers that learned that their client is gone */
static int open_works;
static int set_aside; /* exchanges that were, when they were answered */

/* The server's side: what to do is said by the path. */

static bool path_is(const struct http_exchange *ex, const char *path)
{
	return strcmp(http_path(ex), path) == 0;
}

static void reply_text(struct http_exchange *ex, int status, const char *text)
{
	const struct http_header headers[] = {{"Content-Type", "text/plain"}};
	char *copy = strdup(text);

	http_set_context(ex, copy);
	http_reply(ex, status, 1, headers, copy, strlen(copy));
}

static enum http_body begin(void *arg, struct http_exchange *ex, size_t *body_bytes_max)
{
	*body_bytes_max = ECHO_MAX;
	if (path_is(ex, "/prepared")) {
		http_reply_prepared(ex, prepared);
		return HTTP_BODY_REFUSE;
	}
	if (path_is(ex, "/refuse")) {
		reply_text(ex, 401, "who are you");
		return HTTP_BODY_REFUSE;
	}
	if (strncmp(http_path(ex), "/in/", 4) == 0)
		return HTTP_BODY_STREAM;
	return HTTP_BODY_BUFFER;
}

static void work_slowly(void *arg)
{
	co_sleep_ms(30);
	reply_text(arg, 200, "slow but sure");
	open_works--;
}

static void wait_aside(void *arg)
{
	struct http_exchange *ex = arg;
	char *large = calloc(1, LARGE_BYTES + 1);

	if (path_is(ex, "/aside/later"))
		co_sleep_ms(10);
	http_set_aside(ex);
	if (!path_is(ex, "/aside/at-once"))
		co_sleep_ms(50);
	set_aside += http_is_aside(ex);
	memset(large, '~', path_is(ex, "/aside/large") ? LARGE_BYTES : 3);
	reply_text(ex, 200, large);
	free(large);
	open_works--;
}

static void read_stream(void *arg)
{
	struct http_exchange *ex = arg;
	char piece[1000];
	char text[64];
	size_t sum = 0;
	size_t count = 0;
	long r = 0;

	do {
		if (count % 50 == 49 && path_is(ex, "/in/slow"))
			co_sleep_ms(1);
		r = http_read(ex, piece, sizeof(piece), loop_now_ms() + 1000);
		for (long i = 0; i < r; i++)
			sum += (unsigned char)piece[i];
		count++;
	} while (r > 0 && !path_is(ex, "/in/early"));
	if (r < 0)
		resets++;
	(void)snprintf(text, sizeof(text), "sum %zu", sum);
	reply_text(ex, 200, text);
	open_works--;
}

static void write_stream(void *arg)
{
	struct http_exchange *ex = arg;
	char piece[7000];
	size_t left = path_is(ex, "/flood") ? SIZE_MAX : STREAM_BYTES;

	memset(piece, '~', sizeof(piece));
	http_stream_begin(ex, 200, 0, NULL);
	while (left > 0) {
		size_t count = left < sizeof(piece) ? left : sizeof(piece);
		if (http_stream_write(ex, piece, count, loop_now_ms() + 100) < 0) {
			resets++;
			break;
		}
		left -= count;
	}
	http_stream_end(ex);
	open_works--;
}

static void start(void (*fn)(void *arg), struct http_exchange *ex)
{
	open_works++;
	int r = co_start(fn, ex);
	assert_int_equal(r, 0);
}

static void complete(void *arg, struct http_exchange *ex)
{
	size_t length = 0;

	if (path_is(ex, "/echo"))
		reply_text(ex, 200, http_body(ex, &length));
	else if (path_is(ex, "/query"))
		reply_text(ex, 200, http_query(ex));
	else if (path_is(ex, "/peer"))
		reply_text(ex, 200, http_peer(ex));
	else if (path_is(ex, "/twice"))
		reply_text(ex, 200, http_header_repeated(ex, "x-a") ? "repeated" : "single");
	else if (path_is(ex, "/slow"))
		start(work_slowly, ex);
	else if (strncmp(http_path(ex), "/aside/", 7) == 0)
		start(wait_aside, ex);
	else if (path_is(ex, "/out") || path_is(ex, "/flood"))
		start(write_stream, ex);
	else if (strncmp(http_path(ex), "/in/", 4) == 0)
		start(read_stream, ex);
	else
		reply_text(ex, strstr(http_path(ex), "%00") != NULL ? 400 : 404, http_path(ex));
}

static void too_large(void *arg, struct http_exchange *ex)
{
	reply_text(ex, 413, "too large");
}

static void on_finished(void *arg, struct http_exchange *ex)
{
	free(http_context(ex));
	finished++;
}

/* The client's side. */

static uv_async_t client_done;
static uv_async_t drain_wanted;

static void *play(void *arg)
{
	struct talk *talk = arg;
	int fd = dial(port);

	talk->script(talk, fd);
	(void)close(fd);
	(void)uv_async_send(&client_done);
	return NULL;
}

static void on_client_done(uv_async_t *async)
{
	loop_stop();
}

/* Plays the script against the server until every exchange is finished; returns what was read. */
static const char *talk(void (*script)(struct talk *talk, int fd), const char *request,
                        size_t request_length)
{
	static char reply[TALK_BYTES];
	struct talk talk = {script, request, request_length, reply, 0};
	pthread_t thread;

	reply[0] = '\0';
	assert_int_equal(pthread_create(&thread, NULL, play, &talk), 0);
	loop_run();
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (int i = 0; i < 5000 && (http_server_busy(server) > 0 || open_works > 0); i++) {
		(void)uv_run(loop_uv(), UV_RUN_NOWAIT);
		(void)usleep(1000);
	}
	assert_int_equal(http_server_busy(server), 0);
	assert_int_equal(open_works, 0);
	return reply;
}

static const char *ask(const char *request)
{
	return talk(send_and_receive, request, strlen(request));
}

static int count_of(const char *text, const char *word)
{
	int count = 0;

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		count++;
	return count;
}

/* head, `count` bytes of 'b', tail */
static char *with_body(const char *head, size_t count, const char *tail, size_t *ret_length)
{
	size_t head_length = strlen(head);
	char *text = malloc(head_length + count + strlen(tail) + 1);

	memcpy(text, head, head_length);
	memset(text + head_length, 'b', count);
	memcpy(text + head_length + count, tail, strlen(tail) + 1);
	*ret_length = head_length + count + strlen(tail);
	return text;
}

static const char *ask_with_body(const char *head, size_t count, const char *tail)
{
	size_t length = 0;
	char *text = with_body(head, count, tail, &length);
	const char *reply = talk(send_and_receive, text, length);

	free(text);
	return reply;
}

/* The sentences. */

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

static void a_nul_in_the_target_is_visible(void **state)
{
	const char request[] = "GET /query\0x?y HTTP/1.1\r\n" LAST "\r\n";
	const char *reply = talk(send_and_receive, request, sizeof(request) - 1);

	assert_true(reply[0] == '\0' || strstr(reply, " 400 ") != NULL);
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
	const char request[] = "POST /in/x HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nabc";
	int before = resets;

	(void)talk(send_and_vanish, request, strlen(request));
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

static void a_client_that_vanishes_while_a_fiber_works_harms_nobody(void **state)
{
	const char request[] = "GET /slow HTTP/1.1\r\n" HOST "\r\n";
	int before = finished;

	(void)talk(send_and_vanish, request, strlen(request));
	assert_int_equal(finished, before + 1);
}

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
	const char request[] = "GET /aside/first HTTP/1.1\r\n" HOST "\r\n"
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

static void bodies_before_it_are_counted_unless_they_are_chunked(void **state)
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
	assert_int_equal(set_aside, 0);
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
	static const char *const requests[] = {"GET /aside/first HTTP/1.1\r\n" HOST "\r\n",
	                                       "GET /aside/large HTTP/1.1\r\n" HOST "\r\n"};

	for (int i = 0; i < 2; i++) {
		int before = finished;

		(void)talk(send_and_vanish, requests[i], strlen(requests[i]));
		assert_int_equal(finished, before + 1);
		assert_int_equal(http_server_connections(server), 0);
	}
}

static void malformed_requests_are_refused(void **state)
{
	static const char *const requests[] = {
	    "nonsense\r\n\r\n",
	    "GET /slow HTTP/1.1\r\n\r\n", /* no host */
	    "GET /slow HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\nabc",
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const char *reply = ask(requests[i]);
		if (reply[0] != '\0' && strstr(reply, "HTTP/1.1 4") != reply &&
		    strstr(reply, "HTTP/1.0 4") != reply)
			fail_msg("request %zu got %.60s", i, reply);
	}
	assert_non_null(strstr(ask("GET /prepared HTTP/1.1\r\n" LAST "\r\n"), "prepared"));
}

static void headers_past_the_bound_are_refused(void **state)
{
	const char *reply =
	    ask_with_body("GET /prepared HTTP/1.1\r\n" LAST "X: ", 20000, "\r\n\r\n");

	assert_null(strstr(reply, " 200 "));
}

static void drain_then_ask(struct talk *talk, int fd)
{
	const char first[] = "GET /prepared HTTP/1.1\r\n" HOST "\r\n";

	send_all(fd, first, strlen(first));
	(void)usleep(20 * 1000);
	(void)uv_async_send(&drain_wanted);
	(void)usleep(20 * 1000);
	send_and_receive(talk, fd);
}

static void on_drain_wanted(uv_async_t *async)
{
	http_server_drain(server);
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
	send_all(fd, talk->request, talk->request_length);
	(void)usleep(20 * 1000);
	(void)uv_async_send(&drain_wanted);
	receive_all(talk, fd);
}

static void draining_closes_who_was_set_aside(void **state)
{
	const char request[] = "GET /aside/first HTTP/1.1\r\n" HOST "\r\n";

	set_aside = 0;
	const char *reply = talk(ask_then_drain, request, strlen(request));
	assert_int_equal(count_of(reply, "Connection: close\r\n"), 1);
	assert_non_null(strstr(reply, "~~~"));
	assert_int_equal(set_aside, 1);
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

static int listen_and_start(void)
{
	static const struct http_handlers handlers = {begin, complete, too_large, on_finished,
	                                              NULL};
	struct listen_address address;
	int fd = -1;

	if (listen_parse("127.0.0.1:0", &address) < 0 || listen_open(&address, &fd) < 0)
		return -1;
	port = listen_port(fd);
	return http_server_start(fd, 100, &handlers, &server);
}

static int start_server(void **state)
{
	const struct http_header headers[] = {{"X-Made", "once"}};

	prepared = http_prepare(200, 1, headers, "prepared", 8);
	(void)uv_async_init(loop_uv(), &client_done, on_client_done);
	(void)uv_async_init(loop_uv(), &drain_wanted, on_drain_wanted);
	return listen_and_start();
}

/* For a test that comes after one that has drained the server. */
static int start_another(void **state)
{
	http_server_stop(server);
	return listen_and_start();
}

static int stop_server(void **state)
{
	http_server_stop(server);
	for (int i = 0; i < 5; i++)
		(void)uv_run(loop_uv(), UV_RUN_NOWAIT);
	http_prepared_free(prepared);
	loop_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_prepared_reply_is_sent_from_begin),
	    cmocka_unit_test(a_connection_serves_many_requests_one_after_the_other),
	    cmocka_unit_test(a_request_may_come_byte_by_byte),
	    cmocka_unit_test(head_has_no_body),
	    cmocka_unit_test(target_and_query_stay_encoded),
	    cmocka_unit_test(a_nul_in_the_target_is_visible),
	    cmocka_unit_test(the_peer_is_an_address),
	    cmocka_unit_test(a_repeated_header_is_told_from_a_single_one),
	    cmocka_unit_test(a_body_up_to_the_bound_is_taken),
	    cmocka_unit_test(a_body_past_the_bound_is_413_and_the_connection_goes_on),
	    cmocka_unit_test(a_chunked_body_past_the_bound_is_413),
	    cmocka_unit_test(a_huge_announced_body_is_413_at_once),
	    cmocka_unit_test(a_client_that_asks_first_is_told_to_continue_or_not),
	    cmocka_unit_test(a_refused_body_is_thrown_away),
	    cmocka_unit_test(a_chunked_body_is_collected),
	    cmocka_unit_test(a_stream_reaches_its_reader_whole),
	    cmocka_unit_test(a_stream_without_a_body_ends_at_once),
	    cmocka_unit_test(an_answer_before_the_stream_has_ended_is_sent),
	    cmocka_unit_test(a_reader_whose_client_vanishes_is_told),
	    cmocka_unit_test(a_reply_may_be_streamed),
	    cmocka_unit_test(an_old_client_gets_its_stream_until_the_end),
	    cmocka_unit_test(a_writer_whose_client_vanishes_is_told),
	    cmocka_unit_test(a_stream_that_timed_out_does_not_look_whole),
	    cmocka_unit_test(a_client_that_vanishes_while_a_fiber_works_harms_nobody),
	    cmocka_unit_test(an_exchange_that_is_set_aside_is_answered_and_its_connection_goes_on),
	    cmocka_unit_test(a_request_that_comes_meanwhile_is_answered_next),
	    cmocka_unit_test(who_has_sent_more_already_is_not_set_aside),
	    cmocka_unit_test(bodies_before_it_are_counted_unless_they_are_chunked),
	    cmocka_unit_test(who_wants_to_close_or_is_old_is_not_set_aside),
	    cmocka_unit_test(what_is_answered_at_once_is_answered_once),
	    cmocka_unit_test(a_large_answer_reaches_a_slow_client_that_was_set_aside),
	    cmocka_unit_test(a_client_that_vanishes_while_it_is_set_aside_harms_nobody),
	    cmocka_unit_test(malformed_requests_are_refused),
	    cmocka_unit_test(headers_past_the_bound_are_refused),
	    cmocka_unit_test(addresses_are_read_as_people_write_them),
	    cmocka_unit_test(draining_asks_clients_to_go),
	    cmocka_unit_test_setup(draining_closes_who_was_set_aside, start_another),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
