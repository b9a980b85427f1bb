/*
 * task: a unit of work: a request, a run of a job, an import.
 *
 * A task has an arena, a deadline, an actor and a request id. It succeeds by returning from its
 * function, or it is *ended* from anywhere below by task_end. Then its transaction is rolled back,
 * its leases are returned, and the caller of task_run gets the problem (a request replies with it;
 * a job logs it).
 *
 * All memory of a task is in its arena, which runs deferred destructors when it is freed. A task
 * runs on one fiber.
 */
#ifndef SEBEZ_TASK_TASK_H
#define SEBEZ_TASK_TASK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "task/problem.h"

enum actor_kind {
	ACTOR_NONE,  /* anonymous: sees only published data */
	ACTOR_GUEST, /* anonymous with a cart of its own */
	ACTOR_CUSTOMER,
	ACTOR_STAFF, /* acts for vendor_id */
	ACTOR_ADMIN,
	ACTOR_JOBS,
	ACTOR_MEDIA,
	ACTOR_IMPORT, /* the command line, acting for vendor_id */
};

enum { ACTOR_ADDRESS_SIZE = 46 /* of the longest IPv6 address as text */ };

struct actor {
	enum actor_kind kind;
	struct uuid account_id; /* nil for ACTOR_NONE, GUEST, JOBS, MEDIA and IMPORT */
	struct uuid session_id;
	struct uuid vendor_id; /* ACTOR_STAFF, ACTOR_IMPORT */
	uint32_t roles; /* bits of enum staff_role or enum admin_role that the operation allows */
	char guest_token[44]; /* ACTOR_GUEST: the cart's token, "" when it has none yet */
	char address[ACTOR_ADDRESS_SIZE]; /* ACTOR_ADMIN, is_view: of the client; "": none */
	/* ACTOR_CUSTOMER, ACTOR_STAFF: an admin looks on, whose support view has the id session_id;
	 * nothing can be written. */
	bool is_view;
};

struct problem {
	const struct problem_code *code;
	const char *detail; /* in the arena, never NULL */
	const char *errors; /* JSON array of {"field","code","detail"}, or NULL */
	const char *extra;  /* further JSON members, for example "\"quote\":{…}", or NULL */
	int retry_after_s;  /* seconds; 0: none, or for a 503 a default that varies */
	const char *log;    /* for the log only, not shown to the caller, or NULL */
	/* A deadlock, a conflict or an outdated plan rolled back a leased transaction: the task
	 * may be retried. */
	bool transient;
	bool in_doubt; /* it is unknown whether something was written */
};

struct task {
	struct arena *arena;
	int64_t deadline_ms; /* loop clock */
	struct actor actor;
	char request_id[UUID_TEXT_LENGTH + 1];
	const char *name;          /* operation or job, for logs and metrics */
	struct db *db;             /* made by db_of on first use */
	struct key_lock *key_lock; /* keys locked by key_lock_acquire, or NULL */
	struct problem problem;
	jmp_buf end_point;
	bool running;
	int64_t again_ms; /* job_again() */
	/* Something was committed, so the task cannot be retried. */
	bool has_written;
	unsigned statements; /* counters for logs and tests */
	unsigned round_trips;
};

/*
 * task_run: runs body(task) on the calling fiber. Returns true when body returned, false when the
 * task was ended (task->problem says why). The arena must have been made with task_arena_full as
 * its `full` function and the task as owner.
 */
bool task_run(struct task *task, void (*body)(struct task *task));

/*
 * task_attempt: runs body as a part of `outer`, which continues whether it succeeds or fails. The
 * part has its own arena, and the deadline, actor, name and request id of the outer task. `part` is
 * {0}; it may be the first member of a struct with what the body needs besides. Returns NULL when
 * body returned, else why it did not, in the outer's arena.
 */
const char *task_attempt(struct task *outer, struct task *part, void (*body)(struct task *part));

/* Ends the task with a problem. The format makes its detail: a sentence for the caller. */
_Noreturn void task_end(struct task *task, const struct problem_code *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the task with an error of one field, named by JSON pointer ("/lines/0/quantity"). */
_Noreturn void task_end_field(struct task *task, const char *field, const char *error_code,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with another problem code, for a field whose value is well-formed but not acceptable. */
_Noreturn void task_end_about(struct task *task, const struct problem_code *code, const char *field,
                              const char *error_code, const char *detail);
_Noreturn void task_end_with(struct task *task, struct problem problem);

void task_arena_full(void *task); /* ends the task: PROBLEM_TOO_LARGE */

#endif
