/*
 * outbox_scene: what the tests of the outbox have around them: receivers that workers call over
 * TCP, the workers, which are children, and a database with the schema of all areas.
 */
#ifndef SEBEZ_TESTS_OUTBOX_SCENE_H
#define SEBEZ_TESTS_OUTBOX_SCENE_H

#include "unit.h"

#include <sys/types.h>
#include <time.h>

enum { RECEIVERS = 2, CALLS_MAX = 256, PATIENCE_S = 60 };

/* What a receiver answers to a new call. */
#define HOLD NULL /* nothing yet */
#define DROP ""   /* it closes the connection */

struct received {
	int fd; /* -1: answered */
	char id[64];
};

struct receiver {
	int listener, port;
	const char *answer;
	size_t count; /* of calls */
	struct received calls[CALLS_MAX];
};
extern struct receiver receivers[RECEIVERS], *const one, *const other;

void answer(struct received *call, const char *text);
size_t calls_with(const struct receiver *receiver, const char *id);

struct worker {
	pid_t pid; /* 0: none */
	const char *lease_ms, *attempts_max;
};

/* A worker that dies is started again, as the supervisor does it. */
struct worker *work(int number, const char *lease_ms, const char *attempts_max);
void kill_worker(struct worker *worker);
extern size_t lost; /* leases, by all workers */

/* The first value; it lasts until the next call. */
const char *sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of a statement of the program, as this role. */
const char *sql_as(const char *role, const char *statement, size_t count,
                   const char *const values[]);
const char *sql_column_as(const char *role, const char *statement, size_t count,
                          const char *const values[], int column);
long count_of(const char *what); /* a table, and a condition */
void add_rows(int count, int port, const char *says);

/* Receives what has come. */
void look(void);

#define UNTIL(fact)                                                                                \
	do {                                                                                       \
		time_t patience = time(NULL) + PATIENCE_S;                                         \
		while (!(fact)) {                                                                  \
			if (time(NULL) > patience)                                                 \
				fail_msg("it did not happen: %s", #fact);                          \
			look();                                                                    \
		}                                                                                  \
	} while (0)

/* For cmocka: of the group, and of each test. */
int scene_open(void **state);
int scene_close(void **state);
int scene_begin(void **state);
int scene_end(void **state);

#endif
