#include "node/media_worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "net/co.h"
#include "net/loop.h"
#include "node/child.h"
#include "node/data_folder.h"
#include "node/member.h"

enum { REAP_STEPS = 2000 };

struct media_worker {
	pid_t pid;      /* 0: it has ended */
	int status;     /* then */
	int fd;         /* our end of the socket */
	uv_poll_t poll; /* of fd */
	struct co *waiting;
};

int media_worker_open(const char *sebez, const char *program)
{
	const char *name = strrchr(sebez, '/');
	char path[1100];
	int fd;

	assert(name != NULL);
	path_format(path, sizeof(path), "%.*s/%s", (int)(name - sebez), sebez, program);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int media_worker_start(struct media_worker **ret)
{
	struct media_worker *worker;
	int pair[2];
	int rc;

	_Static_assert((int)MEDIA_SOCKET == STDIN_FILENO, "input_fd becomes that");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	worker = calloc(1, sizeof(*worker));
	assert(worker != NULL);
	worker->fd = pair[0];
	rc = fcntl(worker->fd, F_SETFL, O_NONBLOCK) == 0
	         ? child_spawn_worker(MEDIA_WORKER_PROGRAM, MEMBER_FD_WORKER, pair[1], -1,
	                              &worker->pid)
	         : -errno;
	close(pair[1]);
	if (rc == 0) {
		rc = uv_poll_init(loop_uv(), &worker->poll, worker->fd);
		assert(rc == 0); /* a valid socket that no other handle watches */
		worker->poll.data = worker;
		*ret = worker;
		return 0;
	}
	close(worker->fd);
	free(worker);
	return rc;
}

static void on_closed(uv_handle_t *handle)
{
	struct media_worker *worker = handle->data;

	close(worker->fd);
	free(worker);
}

int media_worker_end(struct media_worker *worker)
{
	int status;

	assert(worker->waiting == NULL);
	if (worker->pid > 0) {
		kill(worker->pid, SIGKILL);
		while (waitpid(worker->pid, &worker->status, 0) < 0 && errno == EINTR)
			;
	}
	status = worker->status;
	uv_close((uv_handle_t *)&worker->poll, on_closed);
	return status;
}

/* The worker has closed its socket, so it is about to exit. */
static void reap(struct media_worker *worker)
{
	for (int i = 0; i < REAP_STEPS && worker->pid > 0; i++) {
		if (waitpid(worker->pid, &worker->status, WNOHANG) == worker->pid)
			worker->pid = 0;
		else
			co_sleep_ms(1);
	}
}

int media_worker_send(struct media_worker *worker, const struct media_request *request,
                      int original)
{
	/* Nothing else is on its way to the worker, so the message has room. */
	return media_send(worker->fd, request, sizeof(*request), original);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct media_worker *worker = poll->data;

	(void)status; /* the call that follows fails, too */
	(void)events;
	uv_poll_stop(poll);
	if (worker->waiting != NULL)
		co_wake(worker->waiting);
	worker->waiting = NULL;
}

static int wait_for_answer(struct media_worker *worker, int64_t deadline_ms)
{
	int rc;

	assert(worker->waiting == NULL && co_self() != NULL); /* one fiber per worker */
	worker->waiting = co_self();
	rc = uv_poll_start(&worker->poll, UV_READABLE, on_event);
	assert(rc == 0);
	rc = co_wait(deadline_ms);
	uv_poll_stop(&worker->poll);
	worker->waiting = NULL;
	return rc;
}

/* An answer, of whatever kind. */
static int receive(struct media_worker *worker, int64_t deadline_ms, struct media_answer *ret,
                   int *ret_fd)
{
	int rc;

	while ((rc = media_receive(worker->fd, ret, sizeof(*ret), ret_fd)) == -EAGAIN) {
		rc = wait_for_answer(worker, deadline_ms);
		if (rc < 0)
			return rc;
	}
	if (rc == -EMSGSIZE)
		return -EBADMSG;
	if (rc > 0)
		return rc;
	reap(worker);
	return -EPIPE;
}

int media_worker_receive(struct media_worker *worker, const struct media_request *request,
                         int64_t deadline_ms, struct media_answer *ret, int *ret_fd)
{
	int fd = -1;
	int rc = receive(worker, deadline_ms, ret, &fd);

	if (rc < 0)
		return rc;
	if (media_answer_valid(ret, (size_t)rc, request, fd >= 0) &&
	    (fd < 0 || media_is_memory(fd, ret->rendition.bytes))) {
		*ret_fd = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return -EBADMSG;
}
