#include "node/top_view.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/metrics_segment.h"

_Static_assert((int)TOP_COLUMNS == (int)TOP_BUCKETS + (int)METRICS_BUCKETS, "a column for each");
_Static_assert((int)TOP_ROWS == (int)METRICS_OPERATIONS_MAX, "a row for each");

/* Where a sample goes: a row of the table named by a label, and a column. */
static const struct place {
	const char *metric, *label;
	enum top_table table;
	int column;
	const char *only; /* samples whose labels have this text */
} PLACES[] = {
    {"sebez_requests_total", "status", TOP_STATUSES, TOP_COUNT, NULL},
    {"sebez_requests_total", "operation", TOP_OPERATIONS, TOP_COUNT, NULL},
    {"sebez_requests_total", "operation", TOP_OPERATIONS, TOP_ERRORS, "status=\"5"},
    {"sebez_request_duration_seconds_bucket", "operation", TOP_OPERATIONS, TOP_BUCKETS, NULL},
    {"sebez_pool_connections", "role", TOP_ROLES, TOP_CONNECTIONS, NULL},
    {"sebez_pool_in_flight", "role", TOP_ROLES, TOP_IN_FLIGHT, NULL},
    {"sebez_pool_queued", "role", TOP_ROLES, TOP_QUEUED, NULL},
    {"sebez_pool_leased", "role", TOP_ROLES, TOP_LEASED, NULL},
    {"sebez_pool_batches_total", "role", TOP_ROLES, TOP_BATCHES, NULL},
    {"sebez_pool_errors_total", "role", TOP_ROLES, TOP_REFUSED, NULL},
    {"sebez_outbox_oldest_seconds", "topic", TOP_TOPICS, TOP_AGE, NULL},
    {"sebez_outbox_pending", "topic", TOP_TOPICS, TOP_PENDING, NULL},
    {"sebez_outbox_dead_letters", "topic", TOP_TOPICS, TOP_DEAD, NULL},
    {"sebez_follower_behind_seconds", "follower", TOP_FOLLOWERS, TOP_AGE, NULL},
    {"sebez_job_age_seconds", "job", TOP_JOBS, TOP_AGE, NULL},
    {"sebez_job_interval_seconds", "job", TOP_JOBS, TOP_INTERVAL, NULL},
    {"sebez_job_runs_total", "job", TOP_JOBS, TOP_FAILED, "result=\"failed\""},
    {"sebez_process_private_bytes", "process", TOP_PROCESSES, TOP_MEMORY, NULL},
    {"sebez_fibers", "process", TOP_PROCESSES, TOP_FIBERS, NULL},
    {"sebez_http_connections", "process", TOP_PROCESSES, TOP_OPEN, NULL},
    {"sebez_http_busy", "process", TOP_PROCESSES, TOP_BUSY, NULL},
    {"sebez_http_parked", "process", TOP_PROCESSES, TOP_PARKED, NULL},
    {"sebez_process_starts_total", "process", TOP_PROCESSES, TOP_STARTS, NULL},
    {"sebez_redis_up", "process", TOP_PROCESSES, TOP_REDIS, NULL},
    {"sebez_objects_up", "process", TOP_PROCESSES, TOP_FILES, NULL},
};

double top_bound(size_t bucket)
{
	assert(bucket < METRICS_BUCKETS);
	return bucket < METRICS_BUCKETS - 1 ? (double)METRICS_BUCKET_US[bucket] / 1e6 : INFINITY;
}

/* The value of a label, empty when there is none. */
static void label_of(const char *labels, const char *name, char *ret, size_t size)
{
	char before[32];
	const char *value;

	snprintf(before, sizeof(before), "%s=\"", name);
	value = strstr(labels, before);
	ret[0] = '\0';
	if (value == NULL)
		return;
	value += strlen(before);
	snprintf(ret, size, "%.*s", (int)strcspn(value, "\""), value);
}

/* NULL: the table is full. */
static struct top_row *row_for(struct top_view *view, enum top_table table, const char *name)
{
	size_t *count = &view->tables[table].count;
	struct top_row *row;

	for (size_t i = 0; i < *count; i++)
		if (strcmp(view->tables[table].rows[i].name, name) == 0)
			return &view->tables[table].rows[i];
	if (*count == TOP_ROWS)
		return NULL;
	row = &view->tables[table].rows[(*count)++];
	*row = (struct top_row){0};
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

static size_t bucket_of(const char *labels)
{
	char bound[16];
	size_t bucket = 0;

	label_of(labels, "le", bound, sizeof(bound));
	while (bucket < METRICS_BUCKETS - 1 && strtod(bound, NULL) > top_bound(bucket) * 1.0001)
		bucket++;
	return bucket;
}

static void put(struct top_view *view, const struct place *place, const char *labels, double value)
{
	char name[TOP_NAME];
	struct top_row *row;
	size_t column = (size_t)place->column;

	label_of(labels, place->label, name, sizeof(name));
	row = row_for(view, place->table, name);
	if (row == NULL)
		return;
	if (place->table == TOP_OPERATIONS && place->column == TOP_BUCKETS)
		column += bucket_of(labels);
	assert(column < TOP_COLUMNS);
	row->values[column] += value;
	if (place->table == TOP_PROCESSES && row->kind[0] == '\0')
		label_of(labels, "kind", row->kind, sizeof(row->kind));
}

static void take(struct top_view *view, const char *name, const char *labels, double value)
{
	if (strcmp(name, "sebez_info") == 0)
		label_of(labels, "version", view->version, sizeof(view->version));
	for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++)
		if (strcmp(PLACES[i].metric, name) == 0 &&
		    (PLACES[i].only == NULL || strstr(labels, PLACES[i].only) != NULL))
			put(view, &PLACES[i], labels, value);
}

void top_view_read(const char *metrics, struct top_view *ret)
{
	char line[512], name[64], labels[256];
	double value;
	size_t length;

	memset(ret, 0, sizeof(*ret));
	for (const char *at = metrics; *at != '\0'; at += length + (at[length] == '\n')) {
		length = strcspn(at, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, at);
		if (sscanf(line, "%63[a-z_]{%255[^}]} %lf", name, labels, &value) == 3)
			take(ret, name, labels, value);
	}
}

const struct top_row *top_view_row(const struct top_view *view, enum top_table table,
                                   const char *name)
{
	assert(table < TOP_TABLES);
	for (size_t i = 0; i < view->tables[table].count; i++)
		if (strcmp(view->tables[table].rows[i].name, name) == 0)
			return &view->tables[table].rows[i];
	return NULL;
}
