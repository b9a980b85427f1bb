#include "node/paper.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/child.h"
#include "node/member.h"

/* Waits for the end of a process. */
struct ending {
	int fd; /* of the process: readable when it has ended */
	uv_poll_t poll;
	struct co *waiting;
};

static unsigned running;

static void on_end(uv_poll_t *poll, int status, int events)
{
	struct ending *ending = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	if (ending->waiting != NULL)
		co_wake(ending->waiting);
	ending->waiting = NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct ending *ending = handle->data;

	close(ending->fd);
	free(ending);
}

/* Suspends until the process has ended, or the deadline; then it is killed. */
static int wait_for_end(pid_t pid, int64_t deadline_ms)
{
	struct ending *ending = calloc(1, sizeof(*ending));
	int rc, status;

	assert(ending != NULL && co_self() != NULL);
	ending->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	rc = ending->fd < 0 ? -errno : uv_poll_init(loop_uv(), &ending->poll, ending->fd);
	if (rc == 0) {
		ending->poll.data = ending;
		ending->waiting = co_self();
		rc = uv_poll_start(&ending->poll, UV_READABLE, on_end);
		assert(rc == 0);
		rc = co_wait(deadline_ms);
		uv_close((uv_handle_t *)&ending->poll, on_closed);
	} else {
		if (ending->fd >= 0)
			close(ending->fd);
		free(ending);
	}
	if (rc < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && status != 0) {
		LOG_ERROR("a PDF was not made",
		          log_str("with", WIFSIGNALED(status) ? "signal" : "status"),
		          log_int("number",
		                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
		return -EIO;
	}
	return rc;
}

int paper_make(int document, int64_t deadline_ms, int *ret_pdf)
{
	pid_t pid;
	int pdf, rc;

	if (running >= LIMIT_PAPERS_AT_ONCE)
		return -EBUSY;
	pdf = memfd_create("paper", MFD_CLOEXEC);
	if (pdf < 0)
		return -errno;
	running++;
	rc = child_spawn_worker(PAPER_WORKER_PROGRAM, MEMBER_FD_PAPER, document, pdf, &pid);
	if (rc == 0)
		rc = wait_for_end(pid, deadline_ms);
	running--;
	if (rc < 0)
		close(pdf);
	else
		*ret_pdf = pdf;
	return rc;
}
