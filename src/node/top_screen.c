#include "node/top_screen.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { OPERATIONS_SHOWN = 8, BUCKETS = TOP_COLUMNS - TOP_BUCKETS };

/* They wait for something to happen, which says nothing of the server. */
static const char *const POLLS[] = {"getEvents", "getVendorEvents"};

static struct {
	FILE *out;
	const struct top_view *before, *now;
	double seconds;
} shown;

/* How much a counter grew in a second. A server that was started anew counts from 0. */
static double rate(enum top_table table, const struct top_row *row, int column)
{
	const struct top_row *old = top_view_row(shown.before, table, row->name);
	double grown = row->values[column] - (old != NULL ? old->values[column] : 0);

	assert(column < TOP_COLUMNS && shown.seconds > 0);
	return (grown >= 0 ? grown : row->values[column]) / shown.seconds;
}

static double sum(enum top_table table, int column)
{
	double all = 0;

	for (size_t i = 0; i < shown.now->tables[table].count; i++)
		all += shown.now->tables[table].rows[i].values[column];
	return all;
}

/* Of cumulative counts: the time within which this share was answered; within a bucket as if they
 * were evenly distributed. NAN: none was. */
static double quantile(const double buckets[BUCKETS], double share)
{
	double wanted = share * buckets[BUCKETS - 1], low = 0, below = 0;

	if (buckets[BUCKETS - 1] <= 0)
		return NAN;
	for (size_t i = 0; i < BUCKETS; i++) {
		double high = top_bound(i);

		if (buckets[i] >= wanted && isinf(high))
			return low;
		if (buckets[i] >= wanted)
			return low + (high - low) * (wanted - below) / (buckets[i] - below);
		low = high;
		below = buckets[i];
	}
	return low;
}

static void print_time(double seconds, int width)
{
	char text[32] = "-";

	if (!isnan(seconds) && seconds < 1)
		snprintf(text, sizeof(text), "%.1f ms", seconds * 1e3);
	else if (!isnan(seconds))
		snprintf(text, sizeof(text), "%.1f s", seconds);
	fprintf(shown.out, "%*s", width, text);
}

static bool is_poll(const char *operation)
{
	for (size_t i = 0; i < sizeof(POLLS) / sizeof(POLLS[0]); i++)
		if (strcmp(POLLS[i], operation) == 0)
			return true;
	return false;
}

static void add_buckets(const struct top_row *row, double buckets[BUCKETS])
{
	for (int i = 0; i < BUCKETS; i++)
		buckets[i] += rate(TOP_OPERATIONS, row, TOP_BUCKETS + i);
}

static void print_head(const char *where)
{
	double requests = 0, buckets[BUCKETS] = {0};
	const double shares[] = {0.5, 0.95, 0.99};

	for (size_t i = 0; i < shown.now->tables[TOP_OPERATIONS].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_OPERATIONS].rows[i];

		requests += rate(TOP_OPERATIONS, row, TOP_COUNT);
		if (!is_poll(row->name))
			add_buckets(row, buckets);
	}
	fprintf(shown.out, "sebez %s at %s\n", shown.now->version, where);
	fprintf(shown.out, "requests/s %.1f", requests);
	for (size_t i = 0; i < shown.now->tables[TOP_STATUSES].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_STATUSES].rows[i];
		double grown = rate(TOP_STATUSES, row, TOP_COUNT);

		if (grown > 0)
			fprintf(shown.out, "  %s: %.1f", row->name, grown);
	}
	fprintf(shown.out, "\nlatency");
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		fprintf(shown.out, "  p%.0f", shares[i] * 100);
		print_time(quantile(buckets, shares[i]), 9);
	}
	fprintf(shown.out, "   polls and streams that wait %.0f\n", sum(TOP_PROCESSES, TOP_PARKED));
}

/* The busiest that has not been printed; NULL: none was called. */
static const struct top_row *next_operation(const bool printed[TOP_ROWS])
{
	const struct top_row *found = NULL;

	for (size_t i = 0; i < shown.now->tables[TOP_OPERATIONS].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_OPERATIONS].rows[i];

		if (!printed[i] && rate(TOP_OPERATIONS, row, TOP_COUNT) > 0 &&
		    (found == NULL ||
		     rate(TOP_OPERATIONS, row, TOP_COUNT) > rate(TOP_OPERATIONS, found, TOP_COUNT)))
			found = row;
	}
	return found;
}

static void print_operations(void)
{
	bool printed[TOP_ROWS] = {false};

	fprintf(shown.out, "\n%-36s%9s%9s%11s%11s\n", "OPERATION", "/s", "5xx/s", "p50", "p99");
	for (int i = 0; i < OPERATIONS_SHOWN; i++) {
		const struct top_row *row = next_operation(printed);
		double buckets[BUCKETS] = {0};

		if (row == NULL)
			break;
		printed[row - shown.now->tables[TOP_OPERATIONS].rows] = true;
		add_buckets(row, buckets);
		fprintf(shown.out, "%-36.36s%9.1f%9.1f", row->name,
		        rate(TOP_OPERATIONS, row, TOP_COUNT),
		        rate(TOP_OPERATIONS, row, TOP_ERRORS));
		print_time(quantile(buckets, 0.5), 11);
		print_time(quantile(buckets, 0.99), 11);
		fputc('\n', shown.out);
	}
}

static void print_roles(void)
{
	fprintf(shown.out, "\n%-20s%12s%10s%9s%8s%11s%9s\n", "DATABASE", "connections", "in flight",
	        "queued", "leased", "batches/s", "refused");
	for (size_t i = 0; i < shown.now->tables[TOP_ROLES].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_ROLES].rows[i];

		if (row->values[TOP_CONNECTIONS] <= 0 && row->values[TOP_QUEUED] <= 0)
			continue;
		fprintf(shown.out, "%-20.20s%12.0f%10.0f%9.0f%8.0f%11.1f%9.0f\n", row->name,
		        row->values[TOP_CONNECTIONS], row->values[TOP_IN_FLIGHT],
		        row->values[TOP_QUEUED], row->values[TOP_LEASED],
		        rate(TOP_ROLES, row, TOP_BATCHES), row->values[TOP_REFUSED]);
	}
}

static void print_topics(void)
{
	fprintf(shown.out, "\n%-20s%12s%14s%14s\n", "TO BE SENT", "waiting", "oldest", "given up");
	for (size_t i = 0; i < shown.now->tables[TOP_TOPICS].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_TOPICS].rows[i];

		if (row->values[TOP_PENDING] <= 0 && row->values[TOP_DEAD] <= 0)
			continue;
		fprintf(shown.out, "%-20.20s%12.0f%12.0f s%14.0f\n", row->name,
		        row->values[TOP_PENDING], row->values[TOP_AGE], row->values[TOP_DEAD]);
	}
	fprintf(shown.out, "behind the events:");
	for (size_t i = 0; i < shown.now->tables[TOP_FOLLOWERS].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_FOLLOWERS].rows[i];

		fprintf(shown.out, " %s %.0f s", row->name, row->values[TOP_AGE]);
	}
	fputc('\n', shown.out);
}

/* The jobs that need a look: failed just now, or not good for three intervals and ten seconds. */
static void print_jobs(void)
{
	size_t count = shown.now->tables[TOP_JOBS].count, bad = 0;

	for (size_t i = 0; i < count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_JOBS].rows[i];
		bool late = row->values[TOP_AGE] > 3 * row->values[TOP_INTERVAL] + 10;

		if (!late && rate(TOP_JOBS, row, TOP_FAILED) <= 0)
			continue;
		if (bad++ == 0)
			fprintf(shown.out, "\n%-36s%22s%20s\n", "JOB", "since it was good",
			        "failed");
		fprintf(shown.out, "%-36.36s%20.0f s%20.0f\n", row->name, row->values[TOP_AGE],
		        row->values[TOP_FAILED]);
	}
	fprintf(shown.out, "%sjobs: %zu, of which %zu fail or stand\n", bad > 0 ? "" : "\n", count,
	        bad);
}

static void print_processes(void)
{
	fprintf(shown.out, "\n%-12s%10s%8s%13s%7s%9s%8s%7s%6s\n", "PROCESS", "memory", "fibers",
	        "connections", "busy", "waiting", "starts", "redis", "files");
	for (size_t i = 0; i < shown.now->tables[TOP_PROCESSES].count; i++) {
		const struct top_row *row = &shown.now->tables[TOP_PROCESSES].rows[i];
		const double *values = row->values;

		fprintf(shown.out, "%-5.5s %-6.6s%7.1f MB%8.0f%13.0f%7.0f%9.0f%8.0f%7s%6s\n",
		        row->name, row->kind, values[TOP_MEMORY] / (1024 * 1024),
		        values[TOP_FIBERS], values[TOP_OPEN], values[TOP_BUSY], values[TOP_PARKED],
		        values[TOP_STARTS], values[TOP_REDIS] > 0 ? "up" : "DOWN",
		        values[TOP_FILES] > 0 ? "up" : "DOWN");
	}
}

void top_screen_print(FILE *out, const char *where, const struct top_view *before,
                      const struct top_view *now)
{
	assert(now->at_ms >= before->at_ms);
	shown.out = out;
	shown.before = before;
	shown.now = now;
	shown.seconds = (double)(now->at_ms - before->at_ms) / 1e3;
	if (shown.seconds <= 0)
		shown.seconds = 1e-3;
	print_head(where);
	print_operations();
	print_roles();
	print_topics();
	print_jobs();
	print_processes();
}
