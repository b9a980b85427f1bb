/*
 * metrics: counts and gauges of all processes of a server, in one shared segment that the
 * supervisor makes. Any api process can answer /metrics for all of them.
 *
 * A process writes to its own slot. A successor takes over its predecessor's slot and counts on,
 * so counters never go back; while both live both count, hence the atomic additions.
 */
#ifndef SEBEZ_NODE_METRICS_H
#define SEBEZ_NODE_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum {
	METRICS_OPERATIONS_MAX = 256, /* one of them is for what is asked of none */
	METRICS_JOBS_MAX = 32,
	METRICS_POOLS = 6, /* PG_ROLE_COUNT */
	METRICS_TOPICS_MAX = 32,
	METRICS_OUTCOMES = 6,        /* OUTBOX_OUTCOME_COUNT */
	METRICS_CLIENT_OUTCOMES = 5, /* HTTP_CLIENT_OUTCOME_COUNT */
};

struct metrics_pool {
	uint64_t connections, queued, in_flight, leased;
	uint64_t batches, statements, errors, reconnects, resent; /* since the process started */
};

/* A topic of the outbox, as a jobs process sees it. */
struct metrics_topic {
	uint64_t pending, oldest_s, dead;
	uint64_t open, half_open;            /* breakers */
	uint64_t outcomes[METRICS_OUTCOMES]; /* since the process started */
};

struct metrics_gauges {
	uint64_t fibers, fibers_max;
	uint64_t connections; /* open HTTP connections */
	uint64_t busy;        /* of them with a request under way; the others are idle */
	uint64_t parked;      /* of the busy ones: polls and streams that wait */
	uint64_t redis_up;
	uint64_t client_calls;                             /* to other servers, under way */
	uint64_t client_outcomes[METRICS_CLIENT_OUTCOMES]; /* since the process started */
	struct metrics_pool pools[METRICS_POOLS];
	struct metrics_topic topics[METRICS_TOPICS_MAX];
};

/* A descriptor of a new segment with room for so many processes, or -errno. */
int metrics_create(unsigned slots) __attribute__((warn_unused_result));
/* Maps it. Without a segment (tools, tests) everything below does nothing. */
int metrics_attach(int fd, unsigned slot) __attribute__((warn_unused_result));

/* operation: its number, or the number of operations when it was asked of none. */
void metrics_request(unsigned operation, int status, int64_t duration_us);
void metrics_job(unsigned job, bool good, int64_t duration_us);
/* Once a second, by a loop that turns: it is a beat of the heart too. */
void metrics_set(const struct metrics_gauges *gauges);

/* For the supervisor: maps it without a slot of its own; how often the slot's process has called
 * metrics_set; and whose the slot is, when a successor that took it over has died. */
int metrics_watch(int fd) __attribute__((warn_unused_result));
uint64_t metrics_beats(unsigned slot);
void metrics_give(unsigned slot, pid_t pid);

/* All processes, as Prometheus text. Names come from OPERATIONS and shop_job. */
void metrics_write(struct buf *out);

#endif
