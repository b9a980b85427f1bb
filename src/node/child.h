/*
 * child: starts, watches and ends processes of our own. Nothing here needs the loop: the
 * supervisor and the command line tools have none.
 */
#ifndef SEBEZ_NODE_CHILD_H
#define SEBEZ_NODE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

enum { CHILD_FIRST_FD = 3, CHILD_FDS_MAX = 4 };

struct child_spec {
	const char *program; /* absolute path */
	const char *const *argv;
	const char *const *envp; /* NULL: the caller's */
	bool by_descriptor;      /* the program's folder may be closed to the user it will run as */
	bool switches_user;
	uid_t uid;
	gid_t gid;
	int death_signal;       /* what it gets when we die without a goodbye */
	int output_fd;          /* for standard output and error; -1: ours */
	int fds[CHILD_FDS_MAX]; /* fds[i] becomes descriptor CHILD_FIRST_FD + i */
	int fd_count;
};

/* The child has its own process group, so that a terminal's Ctrl-C reaches only us, and default
 * signals. Waits until exec has worked or failed: then -errno. */
int child_spawn(const struct child_spec *spec, pid_t *ret) __attribute__((warn_unused_result));

/* Runs it to its end. Returns its exit status, 128 + signal, or -errno. */
int child_run(const struct child_spec *spec) __attribute__((warn_unused_result));

/* Sends the signal and waits for its end; after timeout_ms SIGKILL. Works for our children and
 * for processes that are not. */
void child_stop(pid_t pid, int signal, int timeout_ms);
bool child_is_alive(pid_t pid); /* reaps it when it is ours and has ended */

/* A file that says which process it was, safe against pids that are used again; and what more is
 * to be said of it, lines of text. */
void child_note(const char *path, pid_t pid, const char *more);
/* The noted process if it still lives, else 0. */
pid_t child_noted(const char *path);

void child_sleep_ms(int duration_ms);

#endif
