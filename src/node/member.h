/*
 * member: one process of a running server, as the supervisor sees it: how it is started, watched,
 * replaced, and asked to go.
 */
#ifndef SEBEZ_NODE_MEMBER_H
#define SEBEZ_NODE_MEMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/files.h"
#include "node/heartbeat.h"
#include "node/secret.h"
#include "node/services.h"

enum member_kind { MEMBER_API, MEMBER_JOBS, MEMBER_PG, MEMBER_REDIS };

/* Descriptors that api and jobs processes are given (node/child.h), in this order. */
enum member_fd { MEMBER_FD_METRICS = 3, MEMBER_FD_READY, MEMBER_FD_LISTEN };

/* What a process is asked with. */
enum {
	MEMBER_SIGNAL_STOP = 15,   /* SIGTERM: finish what has begun, then go */
	MEMBER_SIGNAL_RETIRE = 12, /* SIGUSR2: as above, and give idle clients time to move on */
};

/* A process that has been started. Its ready descriptor is readable (one byte) when it serves, and
 * at its end when it dies before. */
struct process {
	pid_t pid;    /* 0: none */
	int ready_fd; /* -1: none, or it was ready already */
	bool ready;
	int64_t started_ms;
	struct heartbeat heartbeat; /* of api and jobs processes */
	struct files files;
};

struct member {
	enum member_kind kind;
	int slot;      /* of the metrics; for an api process its listening socket too */
	int listen_fd; /* -1 for others */
	struct process now;
	struct process next; /* the one that will take over, during a reload */
	unsigned failures;   /* in a row */
	int64_t start_at_ms; /* 0: nothing to start */
	int64_t kill_at_ms;  /* 0: it was not asked to end */
};

/* What all members are started with. */
struct member_world {
	struct services *services;
	char program[1024]; /* our own, looked up at each start so that a new one is found */
	const char **envp;
	int metrics_fd;
};

/* The environment of api and jobs processes: ours without the logins that they must not have. */
int member_world_open(struct services *services, const struct secret *secret, int metrics_fd,
                      struct member_world *ret) __attribute__((warn_unused_result));

/* Logs what went wrong and returns -errno. */
int member_start(const struct member_world *world, const struct member *member, struct process *ret)
    __attribute__((warn_unused_result));

const char *member_name(const struct member *member);

/* When to start it again after it died: at once, then later and later. */
void member_died(struct member *member, int64_t now_ms);

#endif
