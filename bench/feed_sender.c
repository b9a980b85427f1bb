/*
 * feed_sender: messages or other requests, at a given rate or as fast as they are answered.
 *
 *   feed_sender PORT CONNECTIONS RATE SECONDS FIRST <TARGETS
 *
 * TARGETS are lines "token path" of messages or "token path method key body" of other requests,
 * taken in turn. A key, or a body, of "-" is none, and requests with a key end with the lines.
 * Without a token ("-") the text itself of a message is posted, for nginx's module. Messages are
 * numbered from FIRST and say "bench NUMBER;". RATE 0: every connection sends its next request when
 * the last one is answered. Else request k is to be sent at k / RATE, whether the server keeps up
 * or not: when no connection is free, it waits, and that time counts.
 *
 * Prints for each answer "sent NUMBER PLANNED ANSWERED" in nanoseconds of the monotonic clock, or
 * "failed STATUS", and at the end "done SECONDS".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "feed_wire.h"

enum {
	TARGETS_MAX = 100000,
	CONNECTIONS_MAX = 1024,
	MESSAGES_MAX = 2000000,
	EVENTS = 256,
	TIMER = UINT16_MAX, /* beside the numbers of connections */
	PATIENCE_S = 30,
};

static struct target {
	char *token, *path;
	char *method, *key, *body; /* NULL: a message */
} targets[TARGETS_MAX];
static struct {
	struct wire wire;
	long message; /* that is under way; -1: it is free */
} connections[CONNECTIONS_MAX];
static struct {
	int64_t planned_ns, answered_ns;
	int status;
} messages[MESSAGES_MAX];
static struct {
	int epoll_fd, timer_fd, connection_count, target_count, ready;
	long first, next, most, answered; /* messages */
	double rate;
	int64_t start_ns, end_ns, took_ns;
	int idle[CONNECTIONS_MAX], idle_count;
} all;

static bool is_given(const char *word)
{
	return word != NULL && strcmp(word, "-") != 0;
}

static int write_message(const struct target *target, long number, char *ret, size_t size)
{
	return snprintf(ret, size,
	                is_given(target->token)
	                    ? "{\"client_id\":\"bench-%ld\","
	                      "\"text\":\"bench %ld; Is it still there in blue?\"}"
	                    : "bench %ld; Is it still there in blue?",
	                number, number);
}

static int write_request(const struct target *target, const char *body, int length, char *ret,
                         size_t size)
{
	bool token = is_given(target->token), key = is_given(target->key);

	return snprintf(ret, size,
	                "%s %s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\n"
	                "%s%s%s%s%s%sContent-Length: %d\r\n\r\n%s",
	                target->method != NULL ? target->method : "POST", target->path,
	                token || target->method != NULL ? "application/json" : "text/plain",
	                token ? "Authorization: Bearer " : "", token ? target->token : "",
	                token ? "\r\n" : "", key ? "Idempotency-Key: " : "", key ? target->key : "",
	                key ? "\r\n" : "", length, body);
}

static void put(int index)
{
	char message[160], text[2048];
	long number = all.first + all.next;
	const struct target *target = &targets[number % all.target_count];
	const char *body = is_given(target->body) ? target->body : "";
	int length = (int)strlen(body);

	if (target->method == NULL) {
		length = write_message(target, number, message, sizeof(message));
		body = message;
	}
	length = write_request(target, body, length, text, sizeof(text));
	messages[all.next].planned_ns =
	    all.rate > 0 ? all.start_ns + (int64_t)((double)all.next / all.rate * 1e9)
	                 : wire_now_ns();
	connections[index].message = all.next++;
	if (length >= (int)sizeof(text) ||
	    !wire_write(&connections[index].wire, text, (size_t)length))
		wire_die("feed_sender", "write");
}

static bool is_due(int64_t now_ns)
{
	if (all.start_ns == 0 || all.next == all.most)
		return false;
	if (all.rate > 0)
		return now_ns >= all.start_ns + (int64_t)((double)all.next / all.rate * 1e9);
	return now_ns < all.end_ns;
}

static void put_due(void)
{
	while (all.idle_count > 0 && is_due(wire_now_ns()))
		put(all.idle[--all.idle_count]);
}

static void wind_up(void)
{
	int64_t at = all.start_ns + (int64_t)((double)all.next / all.rate * 1e9);
	struct itimerspec when = {
	    .it_value = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000}};

	timerfd_settime(all.timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void take(int index)
{
	struct wire_answer answer;
	enum wire_state state = wire_read(&connections[index].wire, &answer);
	long message = connections[index].message;

	if (state == WIRE_BROKEN) {
		fprintf(stderr, "feed_sender: the server ended a connection\n");
		exit(1);
	}
	if (state == WIRE_WAITS || message < 0)
		return;
	messages[message].answered_ns = wire_now_ns();
	messages[message].status = answer.status;
	if (answer.status >= 300 && all.answered < 3)
		fprintf(stderr, "feed_sender: %d: %.300s\n", answer.status, answer.body);
	all.answered++;
	connections[index].message = -1;
	all.idle[all.idle_count++] = index;
}

static void on_event(uint32_t index)
{
	if (index == TIMER) {
		uint64_t times;

		if (read(all.timer_fd, &times, sizeof(times)) < 0)
			return;
	} else if (connections[index].wire.ready) {
		take((int)index);
	} else if (wire_step(&connections[index].wire) == WIRE_READY) {
		all.idle[all.idle_count++] = (int)index;
		all.ready++;
	}
}

static void turn(int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int ready = epoll_wait(all.epoll_fd, events, EVENTS, timeout_ms);

	for (int i = 0; i < ready; i++)
		on_event(events[i].data.u32);
}

static void connect_all(void)
{
	struct epoll_event timer = {.events = EPOLLIN, .data.u32 = TIMER};

	all.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	all.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	epoll_ctl(all.epoll_fd, EPOLL_CTL_ADD, all.timer_fd, &timer);
	for (int i = 0; i < all.connection_count; i++) {
		connections[i].message = -1;
		if (wire_open(&connections[i].wire, all.epoll_fd, (uint32_t)i) == WIRE_READY) {
			all.idle[all.idle_count++] = i;
			all.ready++;
		}
	}
	while (all.ready < all.connection_count)
		turn(1000);
}

static void run(double seconds)
{
	int64_t patience_ns = PATIENCE_S * INT64_C(1000000000);

	all.start_ns = wire_now_ns();
	all.end_ns = all.start_ns + (int64_t)(seconds * 1e9);
	for (;;) {
		int64_t now_ns = wire_now_ns();
		bool over = all.next == all.most || (all.rate <= 0 && now_ns >= all.end_ns);

		put_due();
		if (over && all.answered == all.next) {
			all.took_ns = now_ns - all.start_ns;
			return;
		}
		if (now_ns > all.end_ns + patience_ns) {
			fprintf(stderr,
			        "feed_sender: too slow: %ld of %ld were answered %d s after the "
			        "end\n",
			        all.answered, all.rate > 0 ? all.most : all.next, PATIENCE_S);
			exit(1);
		}
		if (all.rate > 0 && all.next < all.most && all.idle_count > 0)
			wind_up();
		turn(100);
	}
}

static void read_targets(void)
{
	static char line[2048];

	while (all.target_count < TARGETS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		struct target *target = &targets[all.target_count++];
		char *kept = strdup(line);

		target->token = strtok(kept, " \n");
		target->path = strtok(NULL, " \n");
		target->method = strtok(NULL, " \n");
		target->key = strtok(NULL, " \n");
		target->body = strtok(NULL, "\n");
	}
	if (all.target_count > 0 && is_given(targets[0].key) && all.most > all.target_count)
		all.most = all.target_count;
}

static void print_all(void)
{
	for (long i = 0; i < all.next; i++) {
		if (messages[i].status < 300)
			printf("sent %ld %lld %lld\n", all.first + i,
			       (long long)messages[i].planned_ns,
			       (long long)messages[i].answered_ns);
		else
			printf("failed %d\n", messages[i].status);
	}
	printf("done %.6f\n", (double)all.took_ns / 1e9);
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "feed_sender PORT CONNECTIONS RATE SECONDS FIRST <TARGETS\n");
		return 2;
	}
	double seconds = atof(argv[4]);

	all.connection_count = atoi(argv[2]);
	all.rate = atof(argv[3]);
	all.first = atol(argv[5]);
	all.most = all.rate > 0 ? (long)(all.rate * seconds + 0.5) : MESSAGES_MAX;
	if (all.connection_count < 1 || all.connection_count > CONNECTIONS_MAX ||
	    all.most > MESSAGES_MAX) {
		fprintf(stderr, "feed_sender: too many\n");
		return 2;
	}
	wire_start(atoi(argv[1]), false);
	read_targets();
	connect_all();
	run(seconds);
	print_all();
	return 0;
}
