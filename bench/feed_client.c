/*
 * feed_client: very many polls that wait, from one process.
 *
 *   feed_client PORT RATE [tls] [nchan] [again] <POLLS
 *
 * POLLS are lines "token path cursor". Each gets a connection of its own, RATE of them are made a
 * second, and polls with wait=50, again and again. Prints
 *   parked N                when all have been sent once
 *   got NANOSECONDS I TAG   (of the monotonic clock) for each "bench TAG;" in an answer to line I,
 *                           or with TAG -1 when it has events but no tag
 *   other STATUS            for each answer that is no 200
 *   broken, refused         for each connection that ended by itself, that could not be made
 *   paused                  for each answer whose next_poll_ms is not 0; it is obeyed
 * `again`: whose connection has ended comes back with its first cursor, as though what it was told
 * since had been lost on the way; else it stays away. 503 and its Retry-After are obeyed, with a
 * random part of a second more, as the contract asks.
 * `nchan`: the subscribers of nginx's module. Ends when it is killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "feed_wire.h"

enum { POLLS_MAX = 20000, EVENTS = 256, TICK_MS = 10 };

#define MS INT64_C(1000000)

struct one {
	char *token, *path;
	char *first, *cursor;
	struct wire wire;
	int64_t due_ns; /* when it is to go on; 0: it waits for the server */
};

static struct one polls[POLLS_MAX];
static struct {
	int count, epoll_fd, due_count, begun, sent;
	double rate;
	bool tls, nchan, again;
} all;

static void later(struct one *poll, int64_t wait_ns)
{
	if (poll->due_ns == 0)
		all.due_count++;
	poll->due_ns = wire_now_ns() + wait_ns;
}

static void lost(struct one *poll, const char *how)
{
	puts(how);
	if (!all.again)
		return;
	free(poll->cursor);
	poll->cursor = strdup(poll->first);
	later(poll, (50 + rand() % 100) * MS);
}

static void ask(struct one *poll)
{
	char text[1024];
	int length;

	if (!all.nchan)
		length = snprintf(text, sizeof(text),
		                  "GET %s?wait=50&after=%s HTTP/1.1\r\nHost: bench\r\n"
		                  "Authorization: Bearer %s\r\n\r\n",
		                  poll->path, poll->cursor, poll->token);
	else
		length = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n",
		                  poll->path, poll->cursor[0] == '-' ? "" : poll->cursor);
	if (!wire_write(&poll->wire, text, (size_t)length)) {
		wire_close(&poll->wire);
		lost(poll, "broken");
	}
}

static void began(struct one *poll, enum wire_state state)
{
	if (state == WIRE_BROKEN)
		lost(poll, "refused");
	if (state != WIRE_READY)
		return;
	ask(poll);
	if (++all.sent == all.count)
		printf("parked %d\n", all.count);
}

static void go_on(struct one *poll)
{
	if (poll->wire.fd >= 0)
		ask(poll);
	else
		began(poll, wire_open(&poll->wire, all.epoll_fd, (uint32_t)(poll - polls)));
}

static bool header(const char *head, const char *name, char *ret, size_t room)
{
	const char *at = strcasestr(head, name);
	size_t length;

	if (at == NULL)
		return false;
	at += strlen(name);
	length = strcspn(at, "\r");
	snprintf(ret, room, "%.*s", (int)length, at);
	return true;
}

static void keep_cursor(struct one *poll, const struct wire_answer *answer)
{
	char text[256], modified[64], tag[64];
	const char *cursor = strstr(answer->body, "\"cursor\":\"");

	if (all.nchan && header(answer->head, "\r\nLast-Modified: ", modified, sizeof(modified)) &&
	    header(answer->head, "\r\nEtag: ", tag, sizeof(tag)))
		snprintf(text, sizeof(text), "If-Modified-Since: %s\r\nIf-None-Match: %s\r\n",
		         modified, tag);
	else if (!all.nchan && cursor != NULL)
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(cursor + 10, "\""), cursor + 10);
	else
		return;
	free(poll->cursor);
	poll->cursor = strdup(text);
}

static void tell(const struct one *poll, const char *body)
{
	int64_t now_ns = wire_now_ns();
	bool tagged = false;

	for (const char *at = body; (at = strstr(at, "bench ")) != NULL; at++, tagged = true)
		printf("got %lld %d %d\n", (long long)now_ns, (int)(poll - polls), atoi(at + 6));
	if (!tagged && strstr(body, "\"items\":[{") != NULL)
		printf("got %lld %d -1\n", (long long)now_ns, (int)(poll - polls));
}

static void take(struct one *poll, const struct wire_answer *answer)
{
	char seconds[16];
	const char *pause = strstr(answer->body, "\"next_poll_ms\":");

	if (answer->status == 503) {
		puts("other 503");
		if (!header(answer->head, "\r\nRetry-After: ", seconds, sizeof(seconds)))
			seconds[0] = '1', seconds[1] = '\0';
		later(poll, (atoi(seconds) * 1000 + rand() % 1000) * MS);
		return;
	}
	if (answer->status != 200) {
		printf("other %d\n", answer->status);
		return;
	}
	tell(poll, answer->body);
	keep_cursor(poll, answer);
	if (pause != NULL && atoi(pause + 15) > 0) {
		puts("paused");
		later(poll, atoi(pause + 15) * MS);
	} else {
		ask(poll);
	}
}

static void on_event(struct one *poll)
{
	struct wire_answer answer;
	enum wire_state state;

	if (poll->wire.fd < 0)
		return;
	if (!poll->wire.ready) {
		began(poll, wire_step(&poll->wire));
		return;
	}
	state = wire_read(&poll->wire, &answer);
	if (state == WIRE_READY)
		take(poll, &answer);
	else if (state == WIRE_BROKEN)
		lost(poll, "broken");
}

static void on_tick(int64_t start_ns)
{
	int64_t now_ns = wire_now_ns();

	while (all.begun < all.count &&
	       all.begun < (double)(now_ns - start_ns) / 1e9 * all.rate + 1)
		go_on(&polls[all.begun++]);
	for (int i = 0; i < all.begun && all.due_count > 0; i++) {
		if (polls[i].due_ns == 0 || polls[i].due_ns > now_ns)
			continue;
		polls[i].due_ns = 0;
		all.due_count--;
		go_on(&polls[i]);
	}
}

static void read_polls(void)
{
	char line[512];

	while (all.count < POLLS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		struct one *poll = &polls[all.count++];

		poll->token = strdup(strtok(line, " \n"));
		poll->path = strdup(strtok(NULL, " \n"));
		poll->first = strdup(strtok(NULL, " \n"));
		poll->cursor = strdup(poll->first);
		poll->wire.fd = -1;
	}
}

int main(int argc, char **argv)
{
	static struct epoll_event events[EVENTS];

	if (argc < 3) {
		fprintf(stderr, "feed_client PORT RATE [tls] [nchan] [again] <POLLS\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		all.tls |= strcmp(argv[i], "tls") == 0;
		all.nchan |= strcmp(argv[i], "nchan") == 0;
		all.again |= strcmp(argv[i], "again") == 0;
	}
	all.rate = atof(argv[2]);
	wire_start(atoi(argv[1]), all.tls);
	all.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	read_polls();
	int64_t start_ns = wire_now_ns();

	for (;;) {
		bool ticks = all.begun < all.count || all.due_count > 0;

		if (ticks)
			on_tick(start_ns);
		fflush(stdout);
		int ready = epoll_wait(all.epoll_fd, events, EVENTS, ticks ? TICK_MS : -1);

		for (int i = 0; i < ready; i++)
			on_event(&polls[events[i].data.u32]);
	}
}
