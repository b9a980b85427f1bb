/*
 * supervisor_internal: the state of a supervisor. Private to its files.
 *
 *   supervisor.c        starts, watches and stops the processes
 *   supervisor_watch.c  detects hung processes
 *   supervisor_files.c  detects processes whose files were replaced
 *   supervisor_secret.c  a new secret, for all processes one by one
 *   reload.c            replaces processes one by one
 */
#ifndef SEBEZ_NODE_SUPERVISOR_INTERNAL_H
#define SEBEZ_NODE_SUPERVISOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/config.h"
#include "node/member.h"

enum {
	API_MAX = 256,  /* as SEBEZ_PROCESSES says */
	MEDIA_MAX = 64, /* as SEBEZ_MEDIA_PROCESSES says */
	MEMBERS_MAX = API_MAX + MEDIA_MAX + 4,
	LEAVING_MAX = 4 * MEMBERS_MAX,
	NOT_RELOADING = -1,
};

enum rotation { ROTATION_NONE, ROTATION_ACCEPTING, ROTATION_SIGNING };

enum phase { PHASE_SERVING, PHASE_API_LEAVING, PHASE_OTHERS_LEAVING, PHASE_DONE };

/* A process that was sent a stop signal and has not exited. */
struct leaving {
	pid_t pid;
	int64_t deadline_ms; /* when to send SIGKILL */
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
	int64_t look_ms;  /* when to check next for hung processes */
	int64_t files_ms; /* when to check next for replaced files */
	pid_t migrating;  /* the new program's `sebez migrate`, or 0 */
	pid_t carrying;   /* `sebez secrets carry`, or 0 */
	struct secret secret, secret_next;
	bool has_previous;  /* secret; at the start */
	bool previous_gone; /* secret; when the reload began */
	enum rotation rotation;
	int signal_fd;
	char url[128];
	enum phase phase;
	int64_t deadline_ms;        /* of the phase; unused in PHASE_SERVING */
	int reloading;              /* index of the member being replaced */
	int64_t reload_deadline_ms; /* of the successor */
	bool reload_requested;      /* requested during a reload */
	bool announced;
};

/* Sends the signal and stops watching the process. */
void supervisor_let_go(struct supervisor *su, struct process *process, int signal);

/* Kills hung processes: those of our own program whose loop does not run, and stopping processes
 * that do not exit in time. */
void watch_for_hung(struct supervisor *su, int64_t now_ms);

/* Restarts processes whose files were replaced after their start. */
void watch_files(struct supervisor *su, int64_t now_ms);
void files_migrated(struct supervisor *su, bool good);

/* Before a reload: whether SEBEZ_DATA/secret is another one. After one: what it takes next. */
void secret_look(struct supervisor *su);
void secret_reloaded(struct supervisor *su);
void secret_carry(struct supervisor *su);
void secret_settle(struct supervisor *su); /* no process knows a previous secret that has ended */
void secret_carried(struct supervisor *su, bool good);

/* Starts a reload, or schedules another one after the one in progress. */
void reload_ask(struct supervisor *su);
/* The successor of this member became ready, or has exited. */
void reload_became_ready(struct supervisor *su, struct member *member);
void reload_ended(struct supervisor *su, struct member *member);
/* Fails the reload when the successor is not ready in time. */
void reload_watch(struct supervisor *su, int64_t now_ms);
void reload_forget(struct supervisor *su);

#endif
