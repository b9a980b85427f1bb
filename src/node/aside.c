#include "node/aside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { SOCKET_FD = 3 };

static pid_t stuck; /* a child that was killed and has not died */

static int send_fd(int socket, int rc, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = &rc, .iov_len = sizeof(rc)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
		                                .cmsg_level = SOL_SOCKET,
		                                .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(rc) ? 0 : -errno;
}

static void send_bytes(int socket, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count = send(socket, bytes, size, MSG_NOSIGNAL);

		if (count <= 0)
			return;
		bytes += count;
		size -= (size_t)count;
	}
}

/* It must not keep the sockets of its parent, nor what the parent does about signals. */
static void let_go_of_parent(int socket)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (socket != SOCKET_FD && dup2(socket, SOCKET_FD) < 0)
		_exit(1);
	(void)close_range(SOCKET_FD + 1, ~0U, 0);
}

static void run_child(aside_fn *work, void *arg, size_t size, int socket)
{
	int fd = -1, rc;

	let_go_of_parent(socket);
	rc = work(arg, &fd);
	if (send_fd(SOCKET_FD, rc, rc == 0 ? fd : -1) == 0 && rc == 0)
		send_bytes(SOCKET_FD, arg, size);
	_exit(0);
}

static bool wait_readable(int socket, int64_t until_ms)
{
	struct pollfd poller = {.fd = socket, .events = POLLIN};
	int64_t left_ms = until_ms - clock_monotonic_ms();
	int ready;

	do {
		ready = left_ms > 0 ? poll(&poller, 1, (int)left_ms) : 0;
		left_ms = until_ms - clock_monotonic_ms();
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static int receive_fd(int socket, int64_t until_ms, int *ret_rc, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = ret_rc, .iov_len = sizeof(*ret_rc)};
	struct msghdr message = {.msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = control.bytes,
	                         .msg_controllen = sizeof(control.bytes)};

	if (!wait_readable(socket, until_ms))
		return -ETIMEDOUT;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL) != (ssize_t)sizeof(*ret_rc))
		return -EIO;
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(&control.head), sizeof(*ret_fd));
	return 0;
}

static int receive_bytes(int socket, int64_t until_ms, char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count;

		if (!wait_readable(socket, until_ms))
			return -ETIMEDOUT;
		count = recv(socket, bytes, size, 0);
		if (count <= 0)
			return -EIO;
		bytes += count;
		size -= (size_t)count;
	}
	return 0;
}

static int receive(int socket, void *arg, size_t size, int64_t until_ms, int *ret_fd)
{
	char *bytes = malloc(size);
	int answer = 0, rc;

	assert(bytes != NULL);
	rc = receive_fd(socket, until_ms, &answer, ret_fd);
	if (rc == 0)
		rc = answer;
	if (rc == 0)
		rc = receive_bytes(socket, until_ms, bytes, size);
	if (rc == 0)
		memcpy(arg, bytes, size);
	free(bytes);
	return rc;
}

int aside_run(aside_fn *work, void *arg, size_t size, int timeout_ms, int *ret_fd)
{
	int sockets[2], fd = -1, rc;
	pid_t pid;

	assert(size > 0 && timeout_ms > 0);
	if (stuck > 0 && waitpid(stuck, NULL, WNOHANG) == 0)
		return -ETIMEDOUT;
	stuck = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		return -errno;
	fflush(NULL); /* the child writes none of it again */
	pid = fork();
	if (pid == 0)
		run_child(work, arg, size, sockets[1]);
	close(sockets[1]);
	rc = pid < 0 ? -EAGAIN
	             : receive(sockets[0], arg, size, clock_monotonic_ms() + timeout_ms, &fd);
	close(sockets[0]);
	if (rc == -ETIMEDOUT && pid > 0) {
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, WNOHANG) == 0)
			stuck = pid;
	} else if (pid > 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	assert(fd < 0 || ret_fd != NULL);
	if (ret_fd != NULL)
		*ret_fd = rc == 0 ? fd : -1;
	if (rc != 0 && fd >= 0)
		close(fd);
	return rc;
}
