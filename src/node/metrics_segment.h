/*
 * metrics_segment: the layout of the shared memory, for metrics.c (writer) and metrics_*.c
 * (readers).
 */
#ifndef SEBEZ_NODE_METRICS_SEGMENT_H
#define SEBEZ_NODE_METRICS_SEGMENT_H

#include <stddef.h>
#include <sys/types.h>

#include "node/metrics.h"

enum { METRICS_STATUSES = 24, METRICS_BUCKETS = 15 };

extern const int METRICS_STATUS_CODES[METRICS_STATUSES - 1]; /* the last counts all others */
extern const int64_t METRICS_BUCKET_US[METRICS_BUCKETS - 1]; /* upper bounds; the last has none */

struct metrics_operation {
	uint64_t statuses[METRICS_STATUSES];
	uint64_t buckets[METRICS_BUCKETS];
	uint64_t sum_us;
};

struct metrics_job {
	uint64_t good, failed, sum_us;
	uint64_t good_at_ms, interval_ms; /* of the monotonic clock; 0: not run by this process */
};

struct metrics_slot {
	pid_t pid; /* the process its gauges and beats belong to; 0: never used */
	char kind[8];
	uint64_t beats, starts;
	struct metrics_gauges gauges;
	struct metrics_operation operations[METRICS_OPERATIONS_MAX];
	struct metrics_job jobs[METRICS_JOBS_MAX];
};

struct metrics_segment {
	struct metrics_slot *slots; /* NULL: not attached */
	unsigned count;
	struct metrics_backup *backup; /* behind the slots */
	struct metrics_slot *mine;
};

const struct metrics_segment *metrics_segment(void);
size_t metrics_segment_size(unsigned slots);

/* For the files that write the text. */
void metrics_write_head(struct buf *out, const char *name, const char *type, const char *help);
void metrics_write_jobs(struct buf *out, const struct metrics_segment *all);
void metrics_write_media(struct buf *out, const struct metrics_segment *all);
void metrics_write_backup(struct buf *out, const struct metrics_segment *all);
void metrics_write_push(struct buf *out, const struct metrics_segment *all);

#endif
