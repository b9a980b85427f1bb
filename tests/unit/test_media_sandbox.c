#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/sandbox.h"

/* What a program that was taken over would try. Each returns what its call did, and makes the call
 * itself: libraries may avoid it. */
static long open_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long make_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/tmp/sebez-was-here", O_CREAT | O_WRONLY, 0600);
}

static long make_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long make_pair(void)
{
	int pair[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
}

static long make_process(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long run_program(void)
{
	static char *const NONE[] = {NULL};

	return syscall(SYS_execve, "/bin/true", NONE, NONE);
}

static long write_standard_output(void)
{
	return syscall(SYS_write, STDOUT_FILENO, "", 0);
}

static long signal_parent(void)
{
	return syscall(SYS_kill, getppid(), 0);
}

static long read_process(void)
{
	return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static long remove_file(void)
{
	return syscall(SYS_unlinkat, AT_FDCWD, "/tmp/sebez-was-here", 0);
}

static long use_ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long set_flags(void)
{
	return syscall(SYS_fcntl, STDIN_FILENO, F_SETFL, O_NONBLOCK);
}

static long raise_limits(void)
{
	return syscall(SYS_prlimit64, 0, 0, NULL, NULL);
}

static long allow_ptrace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0);
}

static const struct attempt {
	const char *name;
	long (*call)(void);
	int signal; /* that ends it; 0: the call fails */
} ATTEMPTS[] = {
    {"open a file", open_file, 0},
    {"make a file", make_file, 0},
    {"make a socket", make_socket, SIGSYS},
    {"make a pair of sockets", make_pair, SIGSYS},
    {"make a process", make_process, SIGSYS},
    {"run a program", run_program, SIGSYS},
    {"write", write_standard_output, SIGSYS},
    {"send a signal", signal_parent, SIGSYS},
    {"read another process", read_process, SIGSYS},
    {"remove a file", remove_file, SIGSYS},
    {"use a ring", use_ring, SIGSYS},
    {"set flags", set_flags, SIGSYS},
    {"raise its limits", raise_limits, SIGSYS},
    {"trace", allow_ptrace, SIGSYS},
};

enum { COULD = 10, COULD_NOT, NO_SANDBOX };

static atomic_bool inside;

static void *attempt_when_inside(void *argument)
{
	const struct attempt *attempt = argument;

	while (!inside)
		sched_yield();
	_exit(attempt->call() == -1 ? COULD_NOT : COULD);
}

/* As on a kernel of before Landlock. */
static bool without_landlock(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset),
	                        0) == 0 &&
	       seccomp_load(filter) == 0;
}

/* In a thread that is older than the filter, or in the one that loads it. */
static void attempt_inside(const struct attempt *attempt, bool old_kernel, bool in_thread)
{
	bool landlock;
	pthread_t thread;

	if (old_kernel && !without_landlock())
		_exit(NO_SANDBOX);
	if (!sandbox_prepare(&landlock) || (old_kernel && landlock))
		_exit(NO_SANDBOX);
	if (in_thread &&
	    pthread_create(&thread, NULL, attempt_when_inside, (void *)(uintptr_t)attempt) != 0)
		_exit(NO_SANDBOX);
	if (!sandbox_enter())
		_exit(NO_SANDBOX);
	inside = true;
	if (in_thread)
		pthread_join(thread, NULL);
	_exit(attempt->call() == -1 ? COULD_NOT : COULD);
}

static void judge(const struct attempt *attempt, pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (attempt->signal != 0 ? !WIFSIGNALED(status) || WTERMSIG(status) != attempt->signal
	                         : !WIFEXITED(status) || WEXITSTATUS(status) != COULD_NOT)
		fail_msg("%s: status %x", attempt->name, (unsigned)status);
}

static void try_all(bool old_kernel, bool in_thread)
{
	for (size_t i = 0; i < sizeof(ATTEMPTS) / sizeof(ATTEMPTS[0]); i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			attempt_inside(&ATTEMPTS[i], old_kernel, in_thread);
		judge(&ATTEMPTS[i], child);
	}
}

static void inside_it_only_its_socket_and_memory_are_left(void **state)
{
	try_all(false, false);
}

static void a_kernel_without_landlock_has_the_other_walls(void **state)
{
	try_all(true, false);
}

static void threads_that_are_older_than_the_sandbox_are_in_it(void **state)
{
	try_all(false, true);
}

static void *do_nothing(void *unused)
{
	return NULL;
}

static long start_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, do_nothing, NULL) == 0 ? 0 : -1;
}

/* Else the attempts above fail for another reason. */
static void what_a_worker_needs_is_allowed(void **state)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		attempt_inside(&(struct attempt){"start a thread", start_thread, 0}, false, false);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), COULD);
}

static int paper_with(bool old_kernel, long (*call)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if ((old_kernel && !without_landlock()) || !sandbox_prepare_paper() ||
		    !sandbox_enter_paper())
			_exit(NO_SANDBOX);
		_exit(call() == -1 ? COULD_NOT : COULD);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long open_folder_of_fonts(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/usr/share", O_RDONLY | O_DIRECTORY);
}

static void what_makes_a_pdf_reads_fonts_alone_and_nothing_without_landlock(void **state)
{
	assert_int_equal(paper_with(false, open_folder_of_fonts), COULD);
	assert_int_equal(paper_with(false, open_file), COULD_NOT);
	assert_int_equal(paper_with(false, make_file), COULD_NOT);
	assert_int_equal(paper_with(true, open_file), NO_SANDBOX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(inside_it_only_its_socket_and_memory_are_left),
	    cmocka_unit_test(a_kernel_without_landlock_has_the_other_walls),
	    cmocka_unit_test(threads_that_are_older_than_the_sandbox_are_in_it),
	    cmocka_unit_test(what_a_worker_needs_is_allowed),
	    cmocka_unit_test(what_makes_a_pdf_reads_fonts_alone_and_nothing_without_landlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
