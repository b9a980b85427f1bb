#include "http_server.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/http_internal.h"
#include "net/listen.h"
#include "net/loop.h"

struct http_server *server;
int finished;
int events_taken;
bool was_reset;

enum { PATIENCE_MS = 60 * 1000 }; /* the most that anything is waited for, never a measure */

static struct http_prepared *prepared;
static int port;
static int open_works;

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

/* Whether it will be set aside is known at once; it is a turn of the loop later. */
static void hold_aside(struct http_exchange *ex)
{
	while (ex->fd >= 0 && !http_is_aside(ex))
		co_sleep_ms(1);
	set_aside_now += http_is_aside(ex);
	if (strncmp(http_path(ex), "/aside/held", 11) == 0 || path_is(ex, "/aside/gone"))
		while (!is_done && !ex->close)
			co_sleep_ms(1);
	set_aside_now -= http_is_aside(ex);
}

static void wait_aside(void *arg)
{
	struct http_exchange *ex = arg;
	struct pollfd client = {.fd = http_fd(ex->connection), .events = POLLRDHUP};
	char *large = calloc(1, LARGE_BYTES + 1);
	bool was_aside;

	if (path_is(ex, "/aside/later"))
		co_sleep_ms(10);
	while (path_is(ex, "/aside/gone") && poll(&client, 1, 0) == 0)
		co_sleep_ms(1);
	http_set_aside(ex);
	if (!path_is(ex, "/aside/at-once"))
		hold_aside(ex);
	was_aside = http_is_aside(ex);
	memset(large, '~', strstr(http_path(ex), "large") != NULL ? LARGE_BYTES : 3);
	reply_text(ex, 200, large);
	set_aside += was_aside;
	free(large);
	open_works--;
}

static long read_piece(struct http_exchange *ex, char *bytes, size_t size)
{
	if (path_is(ex, "/in/whole"))
		return http_read_whole(ex, bytes, size, PATIENCE_MS);
	if (path_is(ex, "/in/idle"))
		return http_read_whole(ex, bytes, size, 100);
	return http_read(ex, bytes, size, loop_now_ms() + PATIENCE_MS);
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
		r = read_piece(ex, piece, sizeof(piece));
		for (long i = 0; i < r; i++)
			sum += (unsigned char)piece[i];
		count++;
	} while (r > 0 && !path_is(ex, "/in/early"));
	if (r < 0)
		resets++;
	(void)snprintf(text, sizeof(text), "sum %zu in %zu", sum, count);
	reply_text(ex, 200, text);
	open_works--;
}

static void write_stream(void *arg)
{
	struct http_exchange *ex = arg;
	char piece[7000];
	bool is_flood = path_is(ex, "/flood");
	size_t left = is_flood ? SIZE_MAX : STREAM_BYTES;

	memset(piece, '~', sizeof(piece));
	http_stream_begin(ex, 200, 0, NULL);
	while (left > 0) {
		size_t count = left < sizeof(piece) ? left : sizeof(piece);
		if (http_stream_write(ex, piece, count,
		                      loop_now_ms() + (is_flood ? 100 : PATIENCE_MS)) < 0) {
			resets++;
			break;
		}
		left -= count;
	}
	if (path_is(ex, "/broken"))
		http_stream_abort(ex);
	else
		http_stream_end(ex);
	open_works--;
}

/* More than a socket takes at once, to a client that reads nothing. */
static void push_events(struct http_exchange *ex)
{
	static char bytes[EVENTS_BYTES];

	memset(bytes, '~', sizeof(bytes));
	http_stream_begin(ex, 200, 0, NULL);
	http_stream_unattend(ex);
	bool had_room = http_stream_push(ex, bytes, sizeof(bytes)) == 0;
	assert_int_equal(http_stream_push(ex, bytes, 100), 0);
	assert_in_range(server->stream_bytes, 0, LIMIT_STREAMS_BYTES);
	events_taken += had_room;
	if (!had_room)
		http_stream_end(ex);
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
	else if (path_is(ex, "/events"))
		push_events(ex);
	else if (path_is(ex, "/slow"))
		start(work_slowly, ex);
	else if (strncmp(http_path(ex), "/aside/", 7) == 0)
		start(wait_aside, ex);
	else if (path_is(ex, "/out") || path_is(ex, "/flood") || path_is(ex, "/broken"))
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

static void full(void *arg, struct http_exchange *ex)
{
	reply_text(ex, 503, "full");
}

static void unreadable(void *arg, int status, const char *why, struct http_answer *ret)
{
	ret->status = status;
	ret->body_length = (size_t)snprintf(ret->body, sizeof(ret->body), "%s", why);
}

static void on_finished(void *arg, struct http_exchange *ex)
{
	free(http_context(ex));
	finished++;
}

/* The client's side. */

static uv_async_t client_done;
static uv_async_t drain_wanted;
static uv_async_t end_of_slow_wanted;

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

const char *talk(void (*script)(struct talk *talk, int fd), const char *request,
                 size_t request_length)
{
	static char reply[TALK_BYTES];
	struct talk talk = {script, request, request_length, reply, 0, false};
	pthread_t thread;

	reply[0] = '\0';
	is_done = false;
	assert_int_equal(pthread_create(&thread, NULL, play, &talk), 0);
	loop_run();
	assert_int_equal(pthread_join(thread, NULL), 0);
	was_reset = talk.reset;
	for (int i = 0; i < PATIENCE_MS && (http_server_busy(server) > 0 || open_works > 0); i++) {
		(void)uv_run(loop_uv(), UV_RUN_NOWAIT);
		(void)usleep(1000);
	}
	assert_int_equal(http_server_busy(server), 0);
	assert_int_equal(open_works, 0);
	return reply;
}

const char *ask(const char *request)
{
	return talk(send_and_receive, request, strlen(request));
}

/* Not with strstr: the sanitizer's looks at all of the rest each time, which may be many MiB. */
int count_of(const char *text, const char *word)
{
	size_t length = strlen(word);
	int count = 0;

	for (const char *at = strchr(text, word[0]); at != NULL; at = strchr(at + 1, word[0]))
		count += strncmp(at, word, length) == 0;
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

const char *ask_with_body(const char *head, size_t count, const char *tail)
{
	size_t length = 0;
	char *text = with_body(head, count, tail, &length);
	const char *reply = talk(send_and_receive, text, length);

	free(text);
	return reply;
}

static void on_drain_wanted(uv_async_t *async)
{
	http_server_drain(server);
	drained++;
}

void want_drain(void)
{
	(void)uv_async_send(&drain_wanted);
}

static void on_end_of_slow_wanted(uv_async_t *async)
{
	http_intake_end_slow(server, loop_now_ms() + LIMIT_HEAD_MS);
}

void want_end_of_slow(void)
{
	(void)uv_async_send(&end_of_slow_wanted);
}

static int listen_and_start(void)
{
	static const struct http_handlers handlers = {begin,       complete, too_large,  full,
	                                              on_finished, NULL,     unreadable, NULL};
	struct listen_address address;
	int fd = -1;

	if (listen_parse("127.0.0.1:0", &address) < 0 || listen_open(&address, &fd) < 0)
		return -1;
	port = listen_port(fd);
	return http_server_start(fd, 500, &handlers, &server);
}

int start_server(void **state)
{
	const struct http_header headers[] = {{"X-Made", "once"}};

	prepared = http_prepare(200, 1, headers, "prepared", 8);
	(void)uv_async_init(loop_uv(), &client_done, on_client_done);
	(void)uv_async_init(loop_uv(), &drain_wanted, on_drain_wanted);
	(void)uv_async_init(loop_uv(), &end_of_slow_wanted, on_end_of_slow_wanted);
	return listen_and_start();
}

int start_another(void **state)
{
	http_server_stop(server);
	return listen_and_start();
}

int stop_server(void **state)
{
	http_server_stop(server);
	for (int i = 0; i < 5; i++)
		(void)uv_run(loop_uv(), UV_RUN_NOWAIT);
	http_prepared_free(prepared);
	loop_close();
	return 0;
}
