/*
 * metrics: counters and gauges of all processes of a server, in one shared segment that the
 * supervisor creates. Any api process can answer /metrics for all of them.
 *
 * Each process writes to its own slot. A successor takes over its predecessor's slot and continues
 * its counts, so counters never decrease; while both are alive both count, hence the atomic
 * additions.
 */
#ifndef SEBEZ_NODE_METRICS_H
#define SEBEZ_NODE_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum {
	METRICS_OPERATIONS_MAX = 512, /* one is for requests that match no operation */
	METRICS_JOBS_MAX = 64,
	METRICS_POOLS = 7, /* PG_ROLE_COUNT */
	METRICS_TOPICS_MAX = 32,
	METRICS_FOLLOWERS_MAX = 8,
	METRICS_OUTCOMES = 6,         /* OUTBOX_OUTCOME_COUNT */
	METRICS_CLIENT_OUTCOMES = 5,  /* HTTP_CLIENT_OUTCOME_COUNT */
	METRICS_TOGETHER = 3,         /* TOGETHER_OUTCOME_COUNT */
	METRICS_UPLOAD_FAILURES = 12, /* MEDIA_FAILURES_COUNTED */
	METRICS_PUSHES = 40,          /* of push_count() */
};

struct metrics_pool {
	uint64_t connections, queued, in_flight, leased;
	uint64_t batches, statements, errors, reconnects, resent; /* since process start */
};

/* A topic of the outbox, as counted by a jobs process. */
struct metrics_topic {
	uint64_t pending, oldest_s, dead;
	uint64_t open, half_open;            /* breakers */
	uint64_t outcomes[METRICS_OUTCOMES]; /* since process start */
};

/* Since the start of a media process. */
struct metrics_media {
	uint64_t published, shared, avif, postponed, workers_killed;
	uint64_t fetched, unchanged, fetched_again;
	uint64_t busy_us;
	uint64_t failed[METRICS_UPLOAD_FAILURES];
};

/* Uploads with work to do, as counted by a jobs process. */
struct metrics_uploads {
	uint64_t unpublished, published, oldest_s, unfetched;
};

struct metrics_gauges {
	uint64_t fibers, fibers_max;
	uint64_t connections; /* open HTTP connections */
	uint64_t busy;        /* of them with a request in progress; the others are idle */
	uint64_t parked;      /* of the busy ones: waiting polls and streams */
	uint64_t redis_up, objects_up;
	uint64_t client_calls;                             /* to other servers, in progress */
	uint64_t client_outcomes[METRICS_CLIENT_OUTCOMES]; /* since process start */
	uint64_t together[METRICS_TOGETHER];               /* since process start */
	struct metrics_pool pools[METRICS_POOLS];
	struct metrics_topic topics[METRICS_TOPICS_MAX];
	uint64_t followers_behind_s[METRICS_FOLLOWERS_MAX]; /* as found by a jobs process */
	uint64_t pushes[METRICS_PUSHES];                    /* since process start */
	bool is_media;
	struct metrics_media media;
	struct metrics_uploads uploads;
};

/* Of the backups of this server, when it makes them by itself. Times are Unix times. */
struct metrics_backup {
	bool kept;
	int64_t interval_s; /* between two */
	int64_t newest_s;   /* when the newest began; without one, when the server began to try */
	int64_t bytes;
	uint64_t failures; /* since the newest */
	uint64_t waiting;  /* files of the log that are not archived yet */
	int64_t oldest_s;  /* since when the oldest of them waits; 0: none */
	int64_t drill_s;   /* of the last drill; without one, when the server began */
	bool drill_failed;
	int64_t images_interval_s; /* 0: images and files are not copied by themselves */
	int64_t images_s;          /* when all that there were then had been copied */
	bool has_bucket;
	uint64_t bucket_waiting;        /* files that are not in it yet */
	int64_t bucket_s, bucket_log_s; /* all that the folder had then was in it, of the log */
};

/* Creates a segment with this many slots. Returns its descriptor or -errno. */
int metrics_create(unsigned slots) __attribute__((warn_unused_result));
/* Maps the segment. kind: "api", "jobs", "media". Without a segment (tools, tests) all functions
 * below do nothing. */
int metrics_attach(int fd, unsigned slot, const char *kind) __attribute__((warn_unused_result));

/* operation: its number, or the number of operations when the request matched none. */
void metrics_request(unsigned operation, int status, int64_t duration_us);
void metrics_job(unsigned job, bool good, int64_t duration_us);
/* That this process runs the job, and how often. From then on its last good run has an age. */
void metrics_job_begins(unsigned job, int64_t interval_ms);
/* Called once a second by the running loop; also counts as a heartbeat. */
void metrics_set(const struct metrics_gauges *gauges);

/* For the process that keeps backups, after metrics_watch. */
void metrics_set_backup(const struct metrics_backup *backup);

/* What this process knows of its push messages. */
void metrics_fill_push(uint64_t pushes[METRICS_PUSHES]);

/* For the supervisor. metrics_watch maps the segment without a slot of its own; metrics_beats is
 * how often the slot's process has called metrics_set; metrics_give assigns the slot back to a
 * process when the successor that took it over has died. */
int metrics_watch(int fd) __attribute__((warn_unused_result));
uint64_t metrics_beats(unsigned slot);
void metrics_give(unsigned slot, pid_t pid);

/* Writes the metrics of all processes as Prometheus text. Names come from OPERATIONS and
 * shop_job. */
void metrics_write(struct buf *out);

#endif
