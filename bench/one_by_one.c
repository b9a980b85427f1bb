#include "one_by_one.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LINES_MAX = 200000,
	MADE_MAX = 4000,  /* of one connection; their parameters stay in memory */
	NAMES_MAX = 4096, /* statements by their number */
};

struct shared {
	volatile int ready, go;
	struct {
		long done, statements, failures;
		double seconds;
	} of[64];
};

static struct uuid lines[LINES_MAX][ONE_FIELDS_MAX];
static const char *program;
static PGconn *connection;
static bool prepared[NAMES_MAX];

void one_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, why);
	exit(1);
}

const char *one_error(void)
{
	return PQerrorMessage(connection);
}

PGresult *one_run(const struct pg_item *item)
{
	const struct pg_statement *statement = item->statement;
	const char *values[LIMIT_PG_PARAMS];
	int lengths[LIMIT_PG_PARAMS], formats[LIMIT_PG_PARAMS];

	if (!prepared[statement->number]) {
		PQclear(PQprepare(connection, statement->name, statement->text,
		                  statement->param_count, statement->param_types));
		prepared[statement->number] = true;
	}
	for (int i = 0; i < statement->param_count; i++) {
		values[i] = item->params[i].bytes;
		lengths[i] = item->params[i].length;
		formats[i] = 1;
	}
	return PQexecPrepared(connection, statement->name, statement->param_count, values, lengths,
	                      formats, 1);
}

void one_run_simple(const struct pg_statement *statement)
{
	struct pg_item item = {.statement = statement};
	PQclear(one_run(&item));
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void client(const struct one_by_one *kind, const char *conninfo, size_t first, size_t step,
                   size_t count, double seconds, struct shared *shared)
{
	static void *all[MADE_MAX];
	size_t made = 0;

	connection = PQconnectdb(conninfo);
	if (PQstatus(connection) != CONNECTION_OK)
		one_die("connecting", one_error());
	for (size_t i = first; i < count && made < MADE_MAX; i += step)
		all[made++] = kind->make(lines[i]);
	__sync_fetch_and_add(&shared->ready, 1);
	while (!shared->go)
		usleep(1000);
	double begin = seconds_now();
	for (size_t i = 0; i < made && seconds_now() - begin < seconds; i++) {
		if (!kind->act(all[i]))
			shared->of[first].failures++;
		else
			shared->of[first].done++;
		shared->of[first].statements = kind->statements(all[i]);
	}
	shared->of[first].seconds = seconds_now() - begin;
}

static size_t read_lines(int fields)
{
	char text[64];
	size_t count = 0;

	for (; count < LINES_MAX; count++) {
		for (int field = 0; field < fields; field++) {
			if (scanf("%63s", text) != 1)
				return count;
			if (!uuid_parse(text, &lines[count][field]))
				one_die("input", "lines are of UUIDs");
		}
	}
	return count;
}

static void print_all(const struct shared *shared, int connections)
{
	double rate = 0;
	long done = 0, failures = 0;

	for (int i = 0; i < connections; i++) {
		rate += (double)shared->of[i].done / shared->of[i].seconds;
		done += shared->of[i].done;
		failures += shared->of[i].failures;
	}
	printf("{\"rate\": %.1f, \"orders\": %ld, \"failures\": %ld, \"statements\": %ld}\n", rate,
	       done, failures, shared->of[0].statements);
}

int one_by_one(const struct one_by_one *kind, int argc, char **argv)
{
	program = kind->program;
	if (argc != 4) {
		fprintf(stderr, "%s CONNINFO CONNECTIONS SECONDS <LINES\n", program);
		return 2;
	}
	int connections = atoi(argv[2]);
	size_t count = read_lines(kind->fields);
	struct shared *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < connections; i++) {
		if (fork() == 0) {
			client(kind, argv[1], (size_t)i, (size_t)connections, count, atof(argv[3]),
			       shared);
			_exit(0);
		}
	}
	while (shared->ready < connections) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			one_die("a client", "ended early");
		usleep(1000);
	}
	shared->go = 1;
	while (wait(NULL) > 0)
		continue;
	print_all(shared, connections);
	return 0;
}
