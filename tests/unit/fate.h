/*
 * fate: how a function ends that should end its process, such as one that breaks a contract.
 */
#ifndef SEBEZ_TESTS_FATE_H
#define SEBEZ_TESTS_FATE_H

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs fn(arg) in a child process. The signal that ended it; 0 when fn returned. */
static inline int fate_of(void (*fn)(void *arg), void *arg)
{
	int status = 0;

	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit no_core = {0, 0};
		(void)setrlimit(RLIMIT_CORE, &no_core);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		(void)signal(SIGSEGV, SIG_DFL); /* cmocka's would need the stack that is gone */
		(void)signal(SIGABRT, SIG_DFL);
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

#endif
