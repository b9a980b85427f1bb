/*
 * feed_client: very many polls that wait, from one process.
 *
 *   feed_client PORT <POLLS
 *
 * POLLS are lines "token path cursor". Each gets a connection of its own and polls with wait=50,
 * again and again. Prints "parked N" when all have been sent, then a line "nanoseconds index" (of
 * the monotonic clock) for every answer that has an event in it, and "other N" for each that is no
 * 200. Ends when it is killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { POLLS_MAX = 20000, ANSWER_MAX = 8192, CURSOR_LENGTH = 28, EVENTS = 256 };

struct one {
	char *token, *path;
	char cursor[CURSOR_LENGTH + 1];
	int fd;
};

static struct one polls[POLLS_MAX];
static int count, epoll_fd;

static void die(const char *what)
{
	fprintf(stderr, "feed_client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void ask(const struct one *poll)
{
	char text[1024];
	int length = snprintf(text, sizeof(text),
	                      "GET %s?wait=50&after=%s HTTP/1.1\r\nHost: bench\r\n"
	                      "Authorization: Bearer %s\r\n\r\n",
	                      poll->path, poll->cursor, poll->token);

	if (write(poll->fd, text, (size_t)length) != length)
		die("write");
}

/* From several addresses, so that ports suffice. */
static void begin(int index, int port)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
	struct one *poll = &polls[index];

	from.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)index % 8);
	to.sin_addr.s_addr = htonl(0x7f000001u);
	to.sin_port = htons((uint16_t)port);
	poll->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (poll->fd < 0 || bind(poll->fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(poll->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, poll->fd, &event) < 0)
		die("epoll_ctl");
	ask(poll);
}

static void take(struct one *poll)
{
	static char text[ANSWER_MAX + 1];
	ssize_t length = read(poll->fd, text, ANSWER_MAX);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (length <= 0) {
		printf("other 0\n");
		close(poll->fd);
		return;
	}
	text[length] = '\0';
	if (strncmp(text, "HTTP/1.1 200", 12) != 0) {
		printf("other %d\n", atoi(text + 9));
		return;
	}
	if (strstr(text, "\"items\":[{") != NULL)
		printf("%lld %d\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec,
		       (int)(poll - polls));
	const char *cursor = strstr(text, "\"cursor\":\"");

	if (cursor != NULL)
		memcpy(poll->cursor, cursor + 10, CURSOR_LENGTH);
	ask(poll);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	static struct epoll_event events[EVENTS];
	char line[512];

	if (argc != 2)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	epoll_fd = epoll_create1(0);
	while (count < POLLS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		struct one *poll = &polls[count++];

		poll->token = strdup(strtok(line, " \n"));
		poll->path = strdup(strtok(NULL, " \n"));
		strncpy(poll->cursor, strtok(NULL, " \n"), CURSOR_LENGTH);
		begin(count - 1, atoi(argv[1]));
		if (count % 100 == 0) /* in some seconds: storms are another measure */
			usleep(20000);
	}
	printf("parked %d\n", count);
	for (;;) {
		fflush(stdout);
		int ready = epoll_wait(epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < ready; i++)
			take(&polls[events[i].data.u32]);
	}
}
