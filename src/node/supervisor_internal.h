/*
 * supervisor_internal: what a supervisor is, for its own files only.
 *
 * supervisor.c        starts, watches and stops the processes
 * supervisor_watch.c  finds those that hang
 * supervisor_files.c  finds those whose files were replaced
 * reload.c            replaces them one by one
 */
#ifndef SEBEZ_NODE_SUPERVISOR_INTERNAL_H
#define SEBEZ_NODE_SUPERVISOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/config.h"
#include "node/member.h"

enum {
	MEMBERS_MAX = 256 + 3,
	LEAVING_MAX = 4 * MEMBERS_MAX,
	NOT_RELOADING = -1,
};

enum phase { PHASE_SERVING, PHASE_API_LEAVING, PHASE_JOBS_LEAVING, PHASE_DONE };

/* Asked to go, not gone. */
struct leaving {
	pid_t pid;
	int64_t deadline_ms; /* then it is killed */
};

struct supervisor {
	const struct config *config;
	struct services services;
	struct member_world world;
	struct member members[MEMBERS_MAX]; /* api processes first */
	int count;
	int api_count;
	struct leaving leaving[LEAVING_MAX];
	int leaving_count;
	int64_t look_ms;  /* when it next looks whether processes hang */
	int64_t files_ms; /* and whether their files were replaced */
	pid_t migrating;  /* the new program's `sebez migrate`, or 0 */
	int signal_fd;
	char url[128];
	enum phase phase;
	int64_t deadline_ms;        /* of the phase, once it is not PHASE_SERVING */
	int reloading;              /* index of the member that is being replaced */
	int64_t reload_deadline_ms; /* of its successor */
	bool reload_again;          /* asked for while one was under way */
	bool announced;
};

/* Asks it to go with this signal, and watches it no more. */
void supervisor_let_go(struct supervisor *su, struct process *process, int signal);

/* Kills what hangs: api and jobs processes whose loop does not turn, and those that do not go. */
void watch_for_hung(struct supervisor *su, int64_t now_ms);

/* Restarts what was started from files that have been replaced since. */
void watch_files(struct supervisor *su, int64_t now_ms);
void files_migrated(struct supervisor *su, bool good);

/* Begins one, or another one after that which is under way. */
void reload_ask(struct supervisor *su);
/* The successor of this member serves, or has ended. */
void reload_became_ready(struct supervisor *su, struct member *member);
void reload_ended(struct supervisor *su, struct member *member);
/* Gives up on a successor that is late. */
void reload_watch(struct supervisor *su, int64_t now_ms);
void reload_forget(struct supervisor *su);

#endif
