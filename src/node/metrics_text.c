/* The segment as Prometheus text (format 0.0.4), summed over processes where that makes sense. */
#include <stdio.h>
#include <string.h>

#include "node/jobs.h"
#include "node/metrics_segment.h"
#include "store/pg.h"
#include "web/operation.h"

_Static_assert(METRICS_POOLS == (int)PG_ROLE_COUNT, "a gauge for each pool");

const int METRICS_STATUS_CODES[METRICS_STATUSES - 1] = {200, 201, 202, 204, 206, 304, 400, 401,
                                                        403, 404, 405, 409, 410, 412, 413, 414,
                                                        415, 422, 429, 500, 502, 503, 504};

const int64_t METRICS_BUCKET_US[METRICS_BUCKETS - 1] = {500,     1000,    2000,    5000,    10000,
                                                        20000,   50000,   100000,  200000,  500000,
                                                        1000000, 2000000, 5000000, 10000000};

static uint64_t read_counter(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void sum_operation(const struct metrics_segment *all, size_t operation,
                          struct metrics_operation *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned slot = 0; slot < all->count; slot++) {
		const struct metrics_operation *one = &all->slots[slot].operations[operation];

		for (int i = 0; i < METRICS_STATUSES; i++)
			ret->statuses[i] += read_counter(&one->statuses[i]);
		for (int i = 0; i < METRICS_BUCKETS; i++)
			ret->buckets[i] += read_counter(&one->buckets[i]);
		ret->sum_us += read_counter(&one->sum_us);
	}
}

static void write_statuses(struct buf *out, const char *name, const struct metrics_operation *sum)
{
	for (int i = 0; i < METRICS_STATUSES; i++) {
		char code[16] = "other";

		if (sum->statuses[i] == 0)
			continue;
		if (i < METRICS_STATUSES - 1)
			snprintf(code, sizeof(code), "%d", METRICS_STATUS_CODES[i]);
		buf_printf(out, "sebez_requests_total{operation=\"%s\",status=\"%s\"} %llu\n", name,
		           code, (unsigned long long)sum->statuses[i]);
	}
}

static void write_buckets(struct buf *out, const char *name, const struct metrics_operation *sum)
{
	unsigned long long count = 0;

	for (int i = 0; i < METRICS_BUCKETS; i++) {
		char bound[16] = "+Inf";

		count += sum->buckets[i];
		if (i < METRICS_BUCKETS - 1)
			snprintf(bound, sizeof(bound), "%g", (double)METRICS_BUCKET_US[i] / 1e6);
		buf_printf(
		    out, "sebez_request_duration_seconds_bucket{operation=\"%s\",le=\"%s\"} %llu\n",
		    name, bound, count);
	}
	buf_printf(out, "sebez_request_duration_seconds_sum{operation=\"%s\"} %.6f\n", name,
	           (double)sum->sum_us / 1e6);
	buf_printf(out, "sebez_request_duration_seconds_count{operation=\"%s\"} %llu\n", name,
	           count);
}

static bool was_called(const struct metrics_operation *sum)
{
	uint64_t count = 0;

	for (int i = 0; i < METRICS_BUCKETS; i++)
		count += sum->buckets[i];
	return count > 0;
}

static void write_operations(struct buf *out, const struct metrics_segment *all)
{
	struct metrics_operation sum;

	buf_add_str(out, "# HELP sebez_requests_total Answered requests.\n"
	                 "# TYPE sebez_requests_total counter\n");
	for (size_t i = 0; i < OPERATION_COUNT; i++) {
		sum_operation(all, i, &sum);
		write_statuses(out, OPERATIONS[i].id, &sum);
	}
	buf_add_str(out, "# HELP sebez_request_duration_seconds From headers to reply.\n"
	                 "# TYPE sebez_request_duration_seconds histogram\n");
	for (size_t i = 0; i < OPERATION_COUNT; i++) {
		sum_operation(all, i, &sum);
		if (was_called(&sum))
			write_buckets(out, OPERATIONS[i].id, &sum);
	}
}

static void write_jobs(struct buf *out, const struct metrics_segment *all)
{
	buf_add_str(out, "# HELP sebez_job_runs_total Runs of background jobs.\n"
	                 "# TYPE sebez_job_runs_total counter\n");
	for (size_t i = 0; i < JOB_COUNT; i++) {
		struct metrics_job sum = {0};

		for (unsigned slot = 0; slot < all->count; slot++) {
			sum.good += read_counter(&all->slots[slot].jobs[i].good);
			sum.failed += read_counter(&all->slots[slot].jobs[i].failed);
			sum.sum_us += read_counter(&all->slots[slot].jobs[i].sum_us);
		}
		buf_printf(out, "sebez_job_runs_total{job=\"%s\",result=\"good\"} %llu\n",
		           JOBS[i].name, (unsigned long long)sum.good);
		buf_printf(out, "sebez_job_runs_total{job=\"%s\",result=\"failed\"} %llu\n",
		           JOBS[i].name, (unsigned long long)sum.failed);
		buf_printf(out, "sebez_job_seconds_total{job=\"%s\"} %.6f\n", JOBS[i].name,
		           (double)sum.sum_us / 1e6);
	}
}

static void write_pool(struct buf *out, unsigned slot, int role, const struct metrics_pool *pool)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
	    {"sebez_pool_connections", pool->connections},
	    {"sebez_pool_queued", pool->queued},
	    {"sebez_pool_in_flight", pool->in_flight},
	    {"sebez_pool_leased", pool->leased},
	    {"sebez_pool_batches", pool->batches},
	    {"sebez_pool_statements", pool->statements},
	    {"sebez_pool_errors", pool->errors},
	    {"sebez_pool_reconnects", pool->reconnects},
	    {"sebez_pool_resent", pool->resent},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		buf_printf(out, "%s{process=\"%u\",role=\"%s\"} %llu\n", rows[i].name, slot,
		           PG_ROLE_NAMES[role], (unsigned long long)rows[i].value);
}

/* Bytes that only this process has; 0 when it is gone. */
static uint64_t private_bytes(pid_t pid)
{
	char path[64], line[256];
	unsigned long long kilobytes, sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Private_Clean: %llu", &kilobytes) == 1 ||
		    sscanf(line, "Private_Dirty: %llu", &kilobytes) == 1)
			sum += kilobytes;
	fclose(file);
	return sum * 1024;
}

static void write_process(struct buf *out, unsigned slot, const struct metrics_slot *process)
{
	const struct metrics_gauges *gauges = &process->gauges;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
	    {"sebez_fibers", gauges->fibers},
	    {"sebez_fibers_max", gauges->fibers_max},
	    {"sebez_http_connections", gauges->connections},
	    {"sebez_http_busy", gauges->busy},
	    {"sebez_http_parked", gauges->parked},
	    {"sebez_http_idle",
	     gauges->connections -
	         (gauges->busy < gauges->connections ? gauges->busy : gauges->connections)},
	    {"sebez_redis_up", gauges->redis_up},
	    {"sebez_process_private_bytes", private_bytes(process->pid)},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		buf_printf(out, "%s{process=\"%u\"} %llu\n", rows[i].name, slot,
		           (unsigned long long)rows[i].value);
	for (int role = 0; role < METRICS_POOLS; role++)
		write_pool(out, slot, role, &gauges->pools[role]);
}

void metrics_write(struct buf *out)
{
	const struct metrics_segment *all = metrics_segment();

	if (all->slots == NULL)
		return;
	write_operations(out, all);
	write_jobs(out, all);
	buf_add_str(out, "# HELP sebez_process_private_bytes Memory that no other process shares.\n"
	                 "# TYPE sebez_process_private_bytes gauge\n");
	for (unsigned slot = 0; slot < all->count; slot++)
		if (all->slots[slot].pid != 0)
			write_process(out, slot, &all->slots[slot]);
}
