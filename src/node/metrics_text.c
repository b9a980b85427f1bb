/* Writes the segment as Prometheus text (format 0.0.4), summed over processes where that makes
 * sense. All lines of a family are consecutive, after its HELP and TYPE. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "net/http_client.h"
#include "node/metrics_segment.h"
#include "shop/feed/feed.h"
#include "shop/outbox/outbox.h"
#include "shop/shop.h"
#include "store/pg.h"
#include "task/together.h"
#include "web/operation.h"

_Static_assert(METRICS_POOLS == (int)PG_ROLE_COUNT, "a gauge for each pool");
_Static_assert(METRICS_OUTCOMES == (int)OUTBOX_OUTCOME_COUNT, "a counter for each outcome");
_Static_assert(METRICS_TOGETHER == (int)TOGETHER_OUTCOME_COUNT, "a count for each outcome");
_Static_assert(METRICS_CLIENT_OUTCOMES == (int)HTTP_CLIENT_OUTCOME_COUNT, "a count for each");

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

void metrics_write_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Requests that match no operation (404, 405, …) are counted after the last one. */
static const char *operation_name(size_t operation)
{
	return operation < OPERATION_COUNT ? OPERATIONS[operation].id : "none";
}

static void write_operations(struct buf *out, const struct metrics_segment *all)
{
	struct metrics_operation sum;

	metrics_write_head(out, "sebez_requests_total", "counter", "Answered requests.");
	for (size_t i = 0; i <= OPERATION_COUNT; i++) {
		sum_operation(all, i, &sum);
		write_statuses(out, operation_name(i), &sum);
	}
	metrics_write_head(out, "sebez_request_duration_seconds", "histogram",
	                   "From headers to reply.");
	for (size_t i = 0; i <= OPERATION_COUNT; i++) {
		sum_operation(all, i, &sum);
		if (was_called(&sum))
			write_buckets(out, operation_name(i), &sum);
	}
}

/* The process's private memory in bytes; 0 when it has exited. */
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

static uint64_t idle(const struct metrics_slot *process)
{
	const struct metrics_gauges *gauges = &process->gauges;

	return gauges->busy < gauges->connections ? gauges->connections - gauges->busy : 0;
}

static uint64_t memory(const struct metrics_slot *process)
{
	return private_bytes(process->pid);
}

/* One value per process: from `value`, or the gauge at `offset`. */
static const struct process_family {
	const char *name, *help;
	size_t offset;
	uint64_t (*value)(const struct metrics_slot *process);
} PROCESS_FAMILIES[] = {
    {"sebez_fibers", "Fibers that run or wait.", offsetof(struct metrics_gauges, fibers), NULL},
    {"sebez_fibers_max", "The most at once since the process started.",
     offsetof(struct metrics_gauges, fibers_max), NULL},
    {"sebez_http_connections", "Open connections.", offsetof(struct metrics_gauges, connections),
     NULL},
    {"sebez_http_busy", "Of them with a request under way.", offsetof(struct metrics_gauges, busy),
     NULL},
    {"sebez_http_parked", "Of the busy ones: polls and streams that wait.",
     offsetof(struct metrics_gauges, parked), NULL},
    {"sebez_http_idle", "Of them without a request.", 0, idle},
    {"sebez_redis_up", "Whether Redis answers.", offsetof(struct metrics_gauges, redis_up), NULL},
    {"sebez_objects_up", "Whether the store of files did not fail when it was last used.",
     offsetof(struct metrics_gauges, objects_up), NULL},
    {"sebez_client_calls", "Calls to other servers that are under way.",
     offsetof(struct metrics_gauges, client_calls), NULL},
    {"sebez_process_private_bytes", "Memory that no other process shares.", 0, memory},
};

static void write_processes(struct buf *out, const struct metrics_segment *all,
                            const struct process_family *family)
{
	metrics_write_head(out, family->name, "gauge", family->help);
	for (unsigned slot = 0; slot < all->count; slot++) {
		const struct metrics_slot *process = &all->slots[slot];
		const char *gauges = (const char *)&process->gauges;
		uint64_t value;

		if (process->pid == 0)
			continue;
		assert(family->offset + sizeof(value) <= sizeof(process->gauges));
		memcpy(&value, gauges + family->offset, sizeof(value));
		if (family->value != NULL)
			value = family->value(process);
		buf_printf(out, "%s{process=\"%u\"} %llu\n", family->name, slot,
		           (unsigned long long)value);
	}
}

/* One value per outcome of each process. */
static const struct outcome_family {
	const char *name, *help;
	size_t offset, count;
	const char *const *outcomes;
} OUTCOME_FAMILIES[] = {
    {"sebez_client_calls_total", "Calls to other servers that ended.",
     offsetof(struct metrics_gauges, client_outcomes), METRICS_CLIENT_OUTCOMES,
     HTTP_CLIENT_OUTCOMES},
    {"sebez_together_total", "Transactions of orders, or of messages, that arrived together.",
     offsetof(struct metrics_gauges, together), METRICS_TOGETHER, TOGETHER_OUTCOMES},
};

static void write_kinds(struct buf *out, const struct metrics_segment *all)
{
	metrics_write_head(out, "sebez_info", "gauge", "The version that answers.");
	buf_printf(out, "sebez_info{version=\"%s\"} 1\n", SEBEZ_VERSION);
	metrics_write_head(
	    out, "sebez_process_starts_total", "counter",
	    "How often this process was started: once, and after each death or reload.");
	for (unsigned slot = 0; slot < all->count; slot++)
		if (all->slots[slot].pid != 0)
			buf_printf(out,
			           "sebez_process_starts_total{process=\"%u\",kind=\"%s\"} %llu\n",
			           slot, all->slots[slot].kind,
			           (unsigned long long)read_counter(&all->slots[slot].starts));
}

static void write_process_outcomes(struct buf *out, const struct metrics_segment *all,
                                   const struct outcome_family *family)
{
	metrics_write_head(out, family->name, "counter", family->help);
	for (unsigned slot = 0; slot < all->count; slot++) {
		const char *gauges = (const char *)&all->slots[slot].gauges;
		const uint64_t *counts = (const void *)(gauges + family->offset);

		if (all->slots[slot].pid == 0)
			continue;
		for (size_t i = 0; i < family->count; i++)
			buf_printf(out, "%s{process=\"%u\",outcome=\"%s\"} %llu\n", family->name,
			           slot, family->outcomes[i], (unsigned long long)counts[i]);
	}
}

/* One value per pool of each process. */
static const struct pool_family {
	const char *name, *type, *help;
	size_t offset;
} POOL_FAMILIES[] = {
    {"sebez_pool_connections", "gauge", "Open connections.",
     offsetof(struct metrics_pool, connections)},
    {"sebez_pool_queued", "gauge", "Batches that wait for a connection.",
     offsetof(struct metrics_pool, queued)},
    {"sebez_pool_in_flight", "gauge", "Batches that were sent.",
     offsetof(struct metrics_pool, in_flight)},
    {"sebez_pool_leased", "gauge", "Connections that a task has for itself.",
     offsetof(struct metrics_pool, leased)},
    {"sebez_pool_batches_total", "counter", "Batches sent.",
     offsetof(struct metrics_pool, batches)},
    {"sebez_pool_statements_total", "counter", "Statements sent.",
     offsetof(struct metrics_pool, statements)},
    {"sebez_pool_errors_total", "counter", "Batches that the database refused.",
     offsetof(struct metrics_pool, errors)},
    {"sebez_pool_reconnects_total", "counter", "Connections that were lost.",
     offsetof(struct metrics_pool, reconnects)},
    {"sebez_pool_resent_total", "counter", "Batches sent again after it.",
     offsetof(struct metrics_pool, resent)},
};

static void write_pools(struct buf *out, const struct metrics_segment *all,
                        const struct pool_family *family)
{
	metrics_write_head(out, family->name, family->type, family->help);
	for (unsigned slot = 0; slot < all->count; slot++) {
		if (all->slots[slot].pid == 0)
			continue;
		for (int role = 0; role < METRICS_POOLS; role++) {
			const char *pool = (const char *)&all->slots[slot].gauges.pools[role];
			uint64_t value;

			assert(family->offset + sizeof(value) <= sizeof(struct metrics_pool));
			memcpy(&value, pool + family->offset, sizeof(value));
			buf_printf(out, "%s{process=\"%u\",role=\"%s\"} %llu\n", family->name, slot,
			           PG_ROLE_NAMES[role], (unsigned long long)value);
		}
	}
}

/* Sum over processes of a topic's value; only jobs processes report topics. */
static unsigned long long sum_topic(const struct metrics_segment *all, size_t topic, size_t offset)
{
	unsigned long long sum = 0;

	for (unsigned slot = 0; slot < all->count; slot++) {
		const char *gauges = (const char *)&all->slots[slot].gauges.topics[topic];
		uint64_t value;

		assert(offset + sizeof(value) <= sizeof(struct metrics_topic));
		memcpy(&value, gauges + offset, sizeof(value));
		sum += value;
	}
	return sum;
}

static void write_topics(struct buf *out, const struct metrics_segment *all, const char *name,
                         const char *help, size_t offset)
{
	const struct outbox_topic *topic;

	metrics_write_head(out, name, "gauge", help);
	for (size_t i = 0; (topic = shop_topic(i)) != NULL; i++)
		buf_printf(out, "%s{topic=\"%s\"} %llu\n", name, topic->name,
		           sum_topic(all, i, offset));
}

static void write_breakers(struct buf *out, const struct metrics_segment *all)
{
	static const char NAME[] = "sebez_outbox_breakers";
	const struct outbox_topic *topic;

	metrics_write_head(out, NAME, "gauge",
	                   "Destinations that are left alone, or probed, by this server.");
	for (size_t i = 0; (topic = shop_topic(i)) != NULL; i++) {
		buf_printf(out, "%s{topic=\"%s\",state=\"open\"} %llu\n", NAME, topic->name,
		           sum_topic(all, i, offsetof(struct metrics_topic, open)));
		buf_printf(out, "%s{topic=\"%s\",state=\"half_open\"} %llu\n", NAME, topic->name,
		           sum_topic(all, i, offsetof(struct metrics_topic, half_open)));
	}
}

static void write_outcomes(struct buf *out, const struct metrics_segment *all)
{
	static const char NAME[] = "sebez_outbox_deliveries_total";
	const struct outbox_topic *topic;

	metrics_write_head(out, NAME, "counter",
	                   "Rows of the outbox by what became of their delivery.");
	for (size_t i = 0; (topic = shop_topic(i)) != NULL; i++) {
		for (size_t o = 0; o < METRICS_OUTCOMES; o++)
			buf_printf(out, "%s{topic=\"%s\",outcome=\"%s\"} %llu\n", NAME, topic->name,
			           OUTBOX_OUTCOME_NAMES[o],
			           sum_topic(all, i,
			                     offsetof(struct metrics_topic, outcomes) +
			                         o * sizeof(uint64_t)));
	}
}

static void write_outbox(struct buf *out, const struct metrics_segment *all)
{
	write_topics(out, all, "sebez_outbox_pending",
	             "Rows that wait for their delivery, of all servers of the database.",
	             offsetof(struct metrics_topic, pending));
	write_topics(out, all, "sebez_outbox_oldest_seconds",
	             "Age of the oldest of them that is overdue or has failed.",
	             offsetof(struct metrics_topic, oldest_s));
	write_topics(out, all, "sebez_outbox_dead_letters",
	             "Deliveries that were given up and neither replayed nor dropped.",
	             offsetof(struct metrics_topic, dead));
	write_breakers(out, all);
	write_outcomes(out, all);
}

/* Each jobs process has found the same, at different times. */
static void write_followers(struct buf *out, const struct metrics_segment *all)
{
	static const char NAME[] = "sebez_follower_behind_seconds";

	metrics_write_head(out, NAME, "gauge",
	                   "Age of the oldest event that this follower has not read.");
	for (size_t i = 0; feed_follower(i) != NULL; i++) {
		uint64_t most = 0;

		assert(i < METRICS_FOLLOWERS_MAX);
		for (unsigned slot = 0; slot < all->count; slot++) {
			uint64_t behind_s = all->slots[slot].gauges.followers_behind_s[i];

			if (behind_s > most)
				most = behind_s;
		}
		buf_printf(out, "%s{follower=\"%s\"} %llu\n", NAME, feed_follower(i),
		           (unsigned long long)most);
	}
}

void metrics_write(struct buf *out)
{
	const struct metrics_segment *all = metrics_segment();

	if (all->slots == NULL)
		return;
	assert(OPERATION_COUNT < METRICS_OPERATIONS_MAX);
	write_operations(out, all);
	metrics_write_jobs(out, all);
	write_kinds(out, all);
	for (size_t i = 0; i < sizeof(PROCESS_FAMILIES) / sizeof(PROCESS_FAMILIES[0]); i++)
		write_processes(out, all, &PROCESS_FAMILIES[i]);
	for (size_t i = 0; i < sizeof(OUTCOME_FAMILIES) / sizeof(OUTCOME_FAMILIES[0]); i++)
		write_process_outcomes(out, all, &OUTCOME_FAMILIES[i]);
	for (size_t i = 0; i < sizeof(POOL_FAMILIES) / sizeof(POOL_FAMILIES[0]); i++)
		write_pools(out, all, &POOL_FAMILIES[i]);
	write_outbox(out, all);
	write_followers(out, all);
	metrics_write_push(out, all);
	metrics_write_media(out, all);
	metrics_write_backup(out, all);
}
