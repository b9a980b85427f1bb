/*
 * child: starts, watches and stops child processes. Works without the event loop, which the
 * supervisor and the command line tools do not run.
 */
#ifndef SEBEZ_NODE_CHILD_H
#define SEBEZ_NODE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

enum { CHILD_FIRST_FD = 3, CHILD_FDS_MAX = 6 };

struct child_spec {
	const char *program; /* absolute path */
	const char *const *argv;
	const char *const *envp; /* NULL: the caller's */
	bool by_descriptor; /* run the program by descriptor: the target user may have no access to
	                       its folder */
	bool switches_user;
	uid_t uid;
	gid_t gid;
	int death_signal;       /* signal for the child when this process dies */
	int input_fd;           /* for standard input; 0: /dev/null */
	int output_fd;          /* for standard output and error; -1: inherited */
	bool keeps_error;       /* standard error is inherited in any case */
	int fds[CHILD_FDS_MAX]; /* fds[i] becomes descriptor CHILD_FIRST_FD + i */
	int fd_count;
};

/* The child gets its own process group, so that a terminal's Ctrl-C reaches only this process, and
 * default signal handlers. Waits until exec has succeeded or failed; returns -errno on failure. */
int child_spawn(const struct child_spec *spec, pid_t *ret) __attribute__((warn_unused_result));

/* The same for a program that reads what anybody may have sent, by the descriptor program_fd that
 * the supervisor has opened: it has no environment, and ends with this process. input_fd and
 * output_fd as in child_spec; its standard error is this process's. */
int child_spawn_worker(const char *name, int program_fd, int input_fd, int output_fd, pid_t *ret)
    __attribute__((warn_unused_result));

/* Runs the program to completion. Returns its exit status, 128 + signal, or -errno. */
int child_run(const struct child_spec *spec) __attribute__((warn_unused_result));
/* The same, and passes SIGTERM on when this process is asked to stop; then it returns -EINTR. */
int child_run_until(const struct child_spec *spec, bool (*stop_asked)(void))
    __attribute__((warn_unused_result));

/* Sends the signal and waits for the process to exit; SIGKILL after timeout_ms. Works for children
 * and for other processes. */
void child_stop(pid_t pid, int signal, int timeout_ms);
bool child_is_alive(pid_t pid); /* reaps an exited child */

/* Writes a file that identifies the process, safe against pid reuse. `more` is appended: further
 * lines of text. */
void child_record(const char *path, pid_t pid, const char *more);
/* The process that the file identifies if it is still alive, else 0. */
pid_t child_recorded(const char *path);

void child_sleep_ms(int duration_ms);

#endif
