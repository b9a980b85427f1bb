/*
 * top_view: what `sebez top` shows of one answer of /metrics, as tables. Samples of several
 * processes are added.
 */
#ifndef SEBEZ_NODE_TOP_VIEW_H
#define SEBEZ_NODE_TOP_VIEW_H

#include <stddef.h>
#include <stdint.h>

enum top_table {
	TOP_STATUSES,   /* by status */
	TOP_OPERATIONS, /* by operation */
	TOP_ROLES,      /* by role of the database */
	TOP_TOPICS,     /* by topic of the outbox */
	TOP_FOLLOWERS,  /* by follower */
	TOP_JOBS,       /* by job */
	TOP_PROCESSES,  /* by process */
	TOP_TABLES,
};

/* Columns. A histogram has a column for each bound, cumulative, from TOP_BUCKETS on. */
enum {
	TOP_COUNT, /* of a status or an operation */
	TOP_ERRORS,
	TOP_BUCKETS,
	TOP_COLUMNS = TOP_BUCKETS + 15, /* METRICS_BUCKETS */
	/* of a role */
	TOP_CONNECTIONS = 0,
	TOP_IN_FLIGHT,
	TOP_QUEUED,
	TOP_LEASED,
	TOP_BATCHES,
	TOP_REFUSED,
	/* of a topic; of a follower only its age */
	TOP_AGE = 0,
	TOP_PENDING,
	TOP_DEAD,
	/* of a job, besides its age */
	TOP_INTERVAL,
	TOP_FAILED,
	/* of a process */
	TOP_MEMORY = 0,
	TOP_FIBERS,
	TOP_OPEN,
	TOP_BUSY,
	TOP_PARKED,
	TOP_STARTS,
	TOP_REDIS,
	TOP_FILES,
	TOP_ROWS = 512, /* METRICS_OPERATIONS_MAX */
	TOP_NAME = 48,
};

struct top_row {
	char name[TOP_NAME];
	char kind[8]; /* of a process */
	double values[TOP_COLUMNS];
};

struct top_view {
	struct {
		size_t count;
		struct top_row rows[TOP_ROWS];
	} tables[TOP_TABLES];
	char version[24];
	int64_t at_ms; /* of the monotonic clock; set by the caller */
};

/* The upper bound of a bucket in seconds; of the last one infinity. */
double top_bound(size_t bucket);

void top_view_read(const char *metrics, struct top_view *ret);
/* NULL: none has this name. */
const struct top_row *top_view_row(const struct top_view *view, enum top_table table,
                                   const char *name);

#endif
