/*
 * member: one process of a running server, from the supervisor's side: how it is started, watched,
 * replaced and stopped.
 */
#ifndef SEBEZ_NODE_MEMBER_H
#define SEBEZ_NODE_MEMBER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/files.h"
#include "node/heartbeat.h"
#include "node/secret.h"
#include "node/services.h"

enum member_kind { MEMBER_API, MEMBER_JOBS, MEMBER_MEDIA, MEMBER_PG, MEMBER_REDIS, MEMBER_BACKUP };

/* Descriptors passed to processes of our own program (node/child.h), in this order. */
enum member_fd {
	MEMBER_FD_METRICS = 3,
	MEMBER_FD_READY,
	MEMBER_FD_OBJECTS,                   /* the folder (node/object_store.h) */
	MEMBER_FD_LISTEN,                    /* of api processes */
	MEMBER_FD_WORKER = MEMBER_FD_LISTEN, /* of media processes: media_worker_open() */
	/* Of a demo without a mail server: mail_setup_folder(). */
	MEMBER_FD_MAIL_OF_JOBS = MEMBER_FD_LISTEN,
	MEMBER_FD_PAPER, /* of api processes: the program of node/paper.h */
	MEMBER_FD_MAIL_OF_API,
};

/* Signals that stop a process. */
enum {
	MEMBER_SIGNAL_STOP = 15,   /* SIGTERM: finish work in progress, then exit */
	MEMBER_SIGNAL_RETIRE = 12, /* SIGUSR2: as above, and drain idle connections */
};

_Static_assert(MEMBER_SIGNAL_STOP == (int)SIGTERM && MEMBER_SIGNAL_RETIRE == (int)SIGUSR2,
               "operators may send them, too");

/* A started process. Its ready descriptor becomes readable (one byte) when it serves, and reaches
 * end of file when it dies before that. */
struct process {
	pid_t pid;    /* 0: none */
	int ready_fd; /* -1: none, or already ready */
	bool ready;
	int64_t started_ms;
	struct heartbeat heartbeat; /* of processes of our own program */
	struct files files;
};

struct member {
	enum member_kind kind;
	int slot;      /* of the metrics; also the index of an api process's listening socket */
	int listen_fd; /* -1 for other kinds */
	struct process now;
	struct process next; /* the successor, during a reload */
	unsigned failures;   /* consecutive */
	int64_t start_at_ms; /* when to start it; 0: no start pending */
	int64_t kill_at_ms;  /* when to send SIGKILL; 0: not stopping */
};

/* What all members are started with. */
struct member_world {
	struct services *services;
	char program[1024]; /* own path, looked up at each start to find a replaced program */
	const char **envp;
	size_t secrets_at; /* in it */
	int metrics_fd;
	int objects_fd;
	int mail_fd; /* -1: none */
};

/* Opens what api and jobs processes get: their environment, which is this process's without the
 * credentials they must not have, and the folder of objects. */
int member_world_open(const struct config *config, struct services *services,
                      const struct secret *secret, const struct secret *previous, int metrics_fd,
                      struct member_world *ret) __attribute__((warn_unused_result));

/* What processes that are started from now on get. previous: NULL: there is none. */
void member_world_secrets(struct member_world *world, const struct secret *secret,
                          const struct secret *previous);

/* Logs the error and returns -errno on failure. */
int member_start(const struct member_world *world, const struct member *member, struct process *ret)
    __attribute__((warn_unused_result));

const char *member_name(const struct member *member);

/* Whether it runs our own program. */
bool member_is_ours(const struct member *member);

/* Schedules the restart after a death: at once, then with increasing back-off. */
void member_died(struct member *member, int64_t now_ms);

#endif
