#include "node/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/data_folder.h"

enum { LOOK_MS = 20, STOP_MS = 60 * 1000 }; /* of a child that is waited for */

static int place_descriptors(const struct child_spec *spec)
{
	int high[CHILD_FDS_MAX];

	_Static_assert(CHILD_FIRST_FD == STDERR_FILENO + 1, "they follow the standard ones");
	assert(spec->fd_count >= 0 && spec->fd_count <= CHILD_FDS_MAX);
	/* Move descriptors out of the way first, so that no source is overwritten before it is
	 * copied. */
	for (int i = 0; i < spec->fd_count; i++) {
		high[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, 64);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < spec->fd_count; i++)
		if (dup2(high[i], CHILD_FIRST_FD + i) < 0)
			return -errno;
	if (spec->output_fd >= 0 &&
	    (dup2(spec->output_fd, STDOUT_FILENO) < 0 ||
	     (!spec->keeps_error && dup2(spec->output_fd, STDERR_FILENO) < 0)))
		return -errno;
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < SIGRTMIN; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become(const struct child_spec *spec, pid_t parent)
{
	int input_fd =
	    spec->input_fd > 0 ? spec->input_fd : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (input_fd < 0 || dup2(input_fd, STDIN_FILENO) < 0 || setpgid(0, 0) != 0)
		return -errno;
	if (spec->switches_user &&
	    (setgroups(0, NULL) != 0 || setresgid(spec->gid, spec->gid, spec->gid) != 0 ||
	     setresuid(spec->uid, spec->uid, spec->uid) != 0))
		return -errno;
	/* After the change of user, which clears the death signal. */
	if (spec->death_signal != 0 && prctl(PR_SET_PDEATHSIG, spec->death_signal) != 0)
		return -errno;
	if (getppid() != parent)
		_exit(0);
	reset_signals();
	return 0;
}

static _Noreturn void run_child(const struct child_spec *spec, int program_fd, int report_fd,
                                pid_t parent)
{
	char *const *argv = (char *const *)spec->argv; /* exec does not write to it */
	char *const *envp = spec->envp != NULL ? (char *const *)spec->envp : environ;
	int report_high = fcntl(report_fd, F_DUPFD_CLOEXEC, 128);
	int program_high = program_fd < 0 ? -1 : fcntl(program_fd, F_DUPFD_CLOEXEC, 128);
	int rc = become(spec, parent);
	ssize_t ignored;

	if (rc == 0)
		rc = place_descriptors(spec);
	if (rc == 0) {
		if (program_high >= 0)
			fexecve(program_high, argv, envp);
		else
			execve(spec->program, argv, envp);
		rc = -errno;
	}
	ignored = write(report_high, &rc, sizeof(rc));
	(void)ignored;
	_exit(127);
}

int child_spawn(const struct child_spec *spec, pid_t *ret)
{
	pid_t parent = getpid();
	int program_fd = -1;
	int failure = 0;
	int report[2];
	ssize_t count;
	pid_t pid;

	assert(spec->program != NULL && spec->argv != NULL && spec->argv[0] != NULL);
	/* A child that switches users must not keep root. */
	assert(!spec->switches_user || (spec->uid != 0 && geteuid() == 0));
	if (spec->by_descriptor) {
		program_fd = open(spec->program, O_PATH | O_CLOEXEC);
		if (program_fd < 0)
			return -errno;
	}
	if (pipe2(report, O_CLOEXEC) != 0) {
		failure = -errno;
		goto close_program;
	}
	pid = fork();
	if (pid == 0)
		run_child(spec, program_fd, report[1], parent);
	if (pid < 0)
		failure = -errno;
	close(report[1]);
	if (pid > 0) {
		do
			count = read(report[0], &failure, sizeof(failure));
		while (count < 0 && errno == EINTR);
		assert(count == 0 ||
		       count == (ssize_t)sizeof(failure)); /* a pipe does not split it */
		if (failure != 0)
			waitpid(pid, NULL, 0);
		else
			*ret = pid;
	}
	close(report[0]);
close_program:
	if (program_fd >= 0)
		close(program_fd);
	return failure;
}

int child_spawn_worker(const char *name, int program_fd, int input_fd, int output_fd, pid_t *ret)
{
	const char *argv[] = {name, NULL};
	static const char *const NO_ENVIRONMENT[] = {NULL};
	char program[64];
	struct child_spec spec = {
	    .program = program,
	    .argv = argv,
	    .envp = NO_ENVIRONMENT,
	    .by_descriptor = true,
	    .death_signal = SIGKILL,
	    .input_fd = input_fd,
	    .output_fd = output_fd,
	    .keeps_error = true,
	};

	assert(program_fd >= CHILD_FIRST_FD && input_fd > 0);
	path_format(program, sizeof(program), "/proc/self/fd/%d", program_fd);
	return child_spawn(&spec, ret);
}

static int outcome_of(int status)
{
	assert(WIFEXITED(status) || WIFSIGNALED(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_run(const struct child_spec *spec)
{
	int status = 0;
	pid_t pid;
	int rc = child_spawn(spec, &pid);

	if (rc < 0)
		return rc;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return outcome_of(status);
}

int child_run_until(const struct child_spec *spec, bool (*stop_asked)(void))
{
	pid_t pid, ended = 0;
	int status = 0;
	int rc = child_spawn(spec, &pid);

	while (rc == 0 && ended == 0) {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (ended == 0 && stop_asked()) {
			child_stop(pid, SIGTERM, STOP_MS);
			return -EINTR;
		}
		if (ended <= 0) {
			ended = 0;
			child_sleep_ms(LOOK_MS);
		}
	}
	return rc < 0 ? rc : outcome_of(status);
}

/* Start time of the process in clock ticks since boot; 0 when it does not exist or is a zombie: the
 * parent of a process that is not our child may never reap it (a container without an init). */
static unsigned long long start_time(pid_t pid)
{
	unsigned long long ticks = 0;
	char path[64];
	char text[1024];
	const char *at;
	size_t count;
	FILE *file;

	path_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	count = fread(text, 1, sizeof(text) - 1, file);
	assert(count < sizeof(text));
	fclose(file);
	text[count] = '\0';
	/* The name may contain spaces and brackets; the fields after the last bracket do not. */
	at = strrchr(text, ')');
	if (at == NULL || strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0)
		return 0;
	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at != NULL && field == 21)
			ticks = strtoull(at + 1, NULL, 10);
	}
	return ticks;
}

bool child_is_alive(pid_t pid)
{
	pid_t ended;

	if (pid <= 0)
		return false;
	ended = waitpid(pid, NULL, WNOHANG);
	return ended == 0 || (ended < 0 && start_time(pid) != 0);
}

void child_stop(pid_t pid, int signal, int timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

	assert(signal > 0 && timeout_ms > 0 && pid != getpid());
	if (pid <= 0 || !child_is_alive(pid))
		return;
	kill(pid, signal);
	while (child_is_alive(pid)) {
		if (clock_monotonic_ms() >= deadline_ms) {
			kill(pid, SIGKILL);
			deadline_ms = INT64_MAX;
		}
		child_sleep_ms(5);
	}
}

void child_record(const char *path, pid_t pid, const char *more)
{
	char temporary[1200];
	FILE *file;

	assert(pid > 0 && path[0] == '/');
	path_format(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "we");
	if (file == NULL)
		return;
	fprintf(file, "%d %llu\n%s", (int)pid, start_time(pid), more);
	if (fclose(file) == 0)
		rename(temporary, path);
}

pid_t child_recorded(const char *path)
{
	unsigned long long ticks = 0;
	int pid = 0;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%d %llu", &pid, &ticks) != 2 || pid <= 0 || ticks != start_time(pid))
		pid = 0;
	fclose(file);
	return pid;
}

void child_sleep_ms(int duration_ms)
{
	struct timespec span = {duration_ms / 1000, (duration_ms % 1000) * 1000000L};

	assert(duration_ms > 0);
	nanosleep(&span, NULL);
}
