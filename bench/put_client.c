/*
 * put_client: sends files by PUT over several connections, each as fast as it is taken.
 *
 *   put_client PORT CONNECTIONS BYTES <TARGETS
 *
 * TARGETS are lines "path": each gets one file of BYTES bytes, and the connections share them. The
 * bytes are sent from memory without copying them, so that the client costs little. Prints one JSON
 * line: {"count", "seconds", "failures"}.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TARGETS_MAX = 100000, CONNECTIONS_MAX = 1024, LINE_MAX_BYTES = 2048, PIECE = 1024 * 1024 };

static struct {
	int port, file;
	long bytes, count;
	char *targets[TARGETS_MAX];
	atomic_long next, failures;
} all;

static void die(const char *what)
{
	fprintf(stderr, "put_client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Pieces that differ, so that a file that is put together wrongly has other bytes. */
static void make_file(void)
{
	static uint32_t piece[PIECE / sizeof(uint32_t)];

	all.file = memfd_create("file", MFD_CLOEXEC);
	for (long at = 0; at < all.bytes; at += PIECE) {
		long left = all.bytes - at;

		for (size_t i = 0; i < sizeof(piece) / sizeof(piece[0]); i++)
			piece[i] = (uint32_t)at + (uint32_t)i * 2654435761u;
		if (write(all.file, piece, (size_t)(left < PIECE ? left : PIECE)) < 0)
			die("memfd");
	}
}

static int connected(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_port = htons((uint16_t)all.port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	return fd;
}

static bool send_file(int fd, const char *path)
{
	char head[LINE_MAX_BYTES + 256];
	int length =
	    snprintf(head, sizeof(head),
	             "PUT %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	             "Content-Type: application/octet-stream\r\nContent-Length: %ld\r\n\r\n",
	             path, all.port, all.bytes);
	off_t at = 0;

	if (send(fd, head, (size_t)length, MSG_MORE | MSG_NOSIGNAL) != length)
		return false;
	while (at < all.bytes)
		if (sendfile(fd, all.file, &at, (size_t)(all.bytes - at)) < 0 && errno != EINTR)
			return false;
	return true;
}

/* The answer's body is read, too. */
static bool is_taken(int fd)
{
	char text[4096];
	size_t used = 0, whole = sizeof(text);

	while (used < whole) {
		ssize_t got = recv(fd, text + used, sizeof(text) - 1 - used, 0);
		const char *end, *length;

		if (got <= 0)
			return false;
		used += (size_t)got;
		text[used] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "\r\nContent-Length:");
		if (end != NULL)
			whole = (size_t)(end - text) + 4 +
			        (length != NULL ? strtoul(length + 17, NULL, 10) : 0);
		if (whole >= sizeof(text) && end != NULL)
			return false;
	}
	if (strncmp(text, "HTTP/1.1 20", 11) == 0)
		return true;
	fprintf(stderr, "%.300s\n", text);
	return false;
}

static void *connection(void *unused)
{
	int fd = connected();
	long number;

	while ((number = atomic_fetch_add(&all.next, 1)) < all.count) {
		if (send_file(fd, all.targets[number]) && is_taken(fd))
			continue;
		atomic_fetch_add(&all.failures, 1);
		close(fd);
		fd = connected();
	}
	close(fd);
	return unused;
}

static void read_targets(void)
{
	char line[LINE_MAX_BYTES];

	while (all.count < TARGETS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		all.targets[all.count++] = strdup(line);
	}
}

int main(int argc, char **argv)
{
	static pthread_t threads[CONNECTIONS_MAX];
	int connections = argc == 4 ? atoi(argv[2]) : 0;

	if (connections < 1 || connections > CONNECTIONS_MAX) {
		fprintf(stderr, "put_client PORT CONNECTIONS BYTES <TARGETS\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing is left of a measure that was killed */
	signal(SIGPIPE, SIG_IGN);
	all.port = atoi(argv[1]);
	all.bytes = atol(argv[3]);
	make_file();
	read_targets();
	int64_t begin_ns = now_ns();

	for (int i = 0; i < connections; i++)
		if (pthread_create(&threads[i], NULL, connection, NULL) != 0)
			die("thread");
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	printf("{\"count\": %ld, \"seconds\": %.4f, \"failures\": %ld}\n", all.count,
	       (double)(now_ns() - begin_ns) / 1e9, atomic_load(&all.failures));
	return 0;
}
