#include "node/member.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/log.h"
#include "node/embedded_pg.h"
#include "node/embedded_redis.h"
#include "node/mail_setup.h"
#include "node/media_worker.h"
#include "node/metrics.h"
#include "node/object_store.h"
#include "node/paper.h"

/* Back-off: 0, 100 ms, 200 ms, ... It resets after a process has lived for GOOD_LIFE_MS. */
enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 5000, GOOD_LIFE_MS = 10000 };

static const char *const HIDDEN[] = {
    "DATABASE_URL=",        "REDIS_URL=",
    "SEBEZ_SECRET=",        "SEBEZ_SECRET_PREVIOUS=",
    "SEBEZ_NODE_DATABASE=", "SEBEZ_BACKUP_KEY=",
    "PGPASSWORD=",          "PGPASSFILE="}; /* of the login that may migrate */

static bool is_hidden(const char *variable)
{
	for (size_t i = 0; i < sizeof(HIDDEN) / sizeof(HIDDEN[0]); i++)
		if (strncmp(variable, HIDDEN[i], strlen(HIDDEN[i])) == 0)
			return true;
	return false;
}

static const char *variable(const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = malloc(size);

	assert(text != NULL && strchr(name, '=') == NULL);
	snprintf(text, size, "%s=%s", name, value);
	return text;
}

static void set_secret(const char **at, const char *name, const struct secret *secret)
{
	char key[SECRET_TEXT_LENGTH + 1] = "";

	for (int i = 0; secret != NULL && i < SECRET_BYTES; i++)
		snprintf(key + (ptrdiff_t)i * 2, 3, "%02x", secret->key[i]);
	if (*at != NULL) {
		explicit_bzero((char *)*at, strlen(*at));
		free((char *)*at);
	}
	*at = variable(name, key);
	explicit_bzero(key, sizeof(key));
}

void member_world_secrets(struct member_world *world, const struct secret *secret,
                          const struct secret *previous)
{
	set_secret(&world->envp[world->secrets_at], "SEBEZ_SECRET", secret);
	set_secret(&world->envp[world->secrets_at + 1], "SEBEZ_SECRET_PREVIOUS", previous);
}

int member_world_open(const struct config *config, struct services *services,
                      const struct secret *secret, const struct secret *previous, int metrics_fd,
                      struct member_world *ret)
{
	struct member_world world = {.services = services, .metrics_fd = metrics_fd};
	ssize_t length = readlink("/proc/self/exe", world.program, sizeof(world.program) - 1);
	size_t count = 0;
	size_t used = 0;

	if (length <= 0)
		return -errno;
	world.objects_fd = object_store_folder(&services->data_folder);
	if (world.objects_fd < 0)
		return world.objects_fd;
	int rc = mail_setup_folder(config, &services->data_folder, &world.mail_fd);

	if (rc < 0)
		return rc;
	while (environ[count] != NULL)
		count++;
	world.envp = calloc(count + 5, sizeof(world.envp[0]));
	assert(world.envp != NULL);
	for (size_t i = 0; i < count; i++)
		if (!is_hidden(environ[i]))
			world.envp[used++] = environ[i];
	world.secrets_at = used;
	used += 2;
	member_world_secrets(&world, secret, previous);
	world.envp[used++] = variable("SEBEZ_NODE_DATABASE", services->base);
	world.envp[used++] = variable("REDIS_URL", services->redis_url);
	assert(used < count + 5 && world.envp[used] == NULL);
	*ret = world;
	return 0;
}

/* The descriptor that only its kind has: a listening socket, the workers' program, or the folder of
 * mails. -1: none. */
static int own_descriptor(const struct member_world *world, const struct member *member)
{
	int fd = -1;

	if (member->kind == MEMBER_API)
		fd = member->listen_fd;
	if (member->kind == MEMBER_JOBS && world->mail_fd >= 0)
		fd = fcntl(world->mail_fd, F_DUPFD_CLOEXEC, 0);
	if (member->kind == MEMBER_MEDIA) {
		fd = media_worker_open(world->program, MEDIA_WORKER_PROGRAM);
		if (fd < 0) /* uploads wait until it is installed */
			LOG_ERROR("the program for images is missing",
			          log_str("reason", strerror(-fd)));
	}
	return fd;
}

/* The program that makes PDFs; without it, what an api process gets there cannot be run. */
static int paper_program(const struct member_world *world)
{
	int fd = media_worker_open(world->program, PAPER_WORKER_PROGRAM);

	if (fd < 0) {
		LOG_ERROR("the program for PDFs is missing", log_str("reason", strerror(-fd)));
		fd = fcntl(world->metrics_fd, F_DUPFD_CLOEXEC, 0);
	}
	return fd;
}

static int start_self(const struct member_world *world, const struct member *member,
                      struct process *ret)
{
	char slot[16];
	const char *argv[] = {"sebez", member_name(member), slot, NULL};
	struct child_spec spec =
	    data_folder_child(&world->services->data_folder, world->program, argv);
	int ready[2], own, paper = -1;
	int rc;

	snprintf(slot, sizeof(slot), "%d", member->slot);
	if (pipe2(ready, O_CLOEXEC) != 0)
		return -errno;
	spec.envp = world->envp;
	spec.by_descriptor = true;
	spec.death_signal = MEMBER_SIGNAL_STOP;
	spec.fds[0] = world->metrics_fd;
	spec.fds[1] = ready[1];
	spec.fds[2] = world->objects_fd;
	own = own_descriptor(world, member);
	spec.fds[3] = own;
	spec.fd_count = own >= 0 ? 4 : 3;
	if (member->kind == MEMBER_API) {
		paper = paper_program(world);
		spec.fds[spec.fd_count++] = paper;
		if (world->mail_fd >= 0)
			spec.fds[spec.fd_count++] = world->mail_fd;
	}
	_Static_assert(MEMBER_FD_METRICS == (int)CHILD_FIRST_FD &&
	                   MEMBER_FD_READY == MEMBER_FD_METRICS + 1 &&
	                   MEMBER_FD_OBJECTS == MEMBER_FD_READY + 1 &&
	                   MEMBER_FD_LISTEN == MEMBER_FD_OBJECTS + 1 &&
	                   MEMBER_FD_WORKER == (int)MEMBER_FD_LISTEN &&
	                   MEMBER_FD_PAPER == MEMBER_FD_LISTEN + 1 &&
	                   MEMBER_FD_MAIL_OF_API == MEMBER_FD_PAPER + 1,
	               "spec.fds has the order of enum member_fd");
	assert((member->kind == MEMBER_API) == (member->listen_fd >= 0));
	ret->heartbeat.beats = metrics_beats((unsigned)member->slot);
	rc = child_spawn(&spec, &ret->pid);
	close(ready[1]);
	if (own >= 0 && own != member->listen_fd)
		close(own);
	if (paper >= 0)
		close(paper);
	if (rc < 0) {
		close(ready[0]);
		return rc;
	}
	ret->ready_fd = ready[0];
	return 0;
}

/* As this process's user, who alone may log in to the embedded database as its superuser. */
static int start_backup(const struct member_world *world, pid_t *ret)
{
	const char *argv[] = {"sebez", "backup-keeper", NULL};
	struct child_spec spec = {.program = world->program,
	                          .argv = argv,
	                          .output_fd = -1,
	                          .death_signal = MEMBER_SIGNAL_STOP,
	                          .fds = {world->metrics_fd},
	                          .fd_count = 1};

	setenv("SEBEZ_DATA", world->services->data_folder.data, 1); /* an absolute path */
	return child_spawn(&spec, ret);
}

int member_start(const struct member_world *world, const struct member *member, struct process *ret)
{
	struct process process = {.ready_fd = -1, .started_ms = clock_monotonic_ms()};
	int rc = -EINVAL;

	assert(ret->pid <= 0 && ret->ready_fd < 0); /* nothing runs there */
	switch (member->kind) {
	case MEMBER_API:
	case MEMBER_JOBS:
	case MEMBER_MEDIA:
		rc = start_self(world, member, &process);
		break;
	case MEMBER_PG:
		rc = embedded_pg_spawn(&world->services->data_folder, world->services->config,
		                       &process.pid);
		world->services->pg = rc == 0 ? process.pid : 0;
		process.ready = true;
		break;
	case MEMBER_REDIS:
		rc = embedded_redis_spawn(&world->services->data_folder, &process.pid);
		world->services->redis = rc == 0 ? process.pid : 0;
		process.ready = true;
		break;
	case MEMBER_BACKUP:
		rc = start_backup(world, &process.pid);
		process.ready = true;
		break;
	}
	if (rc < 0)
		LOG_ERROR("cannot start a process", log_str("which", member_name(member)),
		          log_str("reason", strerror(-rc)));
	else {
		assert(process.pid > 0);
		files_begin(&process.files, process.pid);
		*ret = process;
	}
	return rc;
}

const char *member_name(const struct member *member)
{
	static const char *const NAMES[] = {"api", "jobs", "media", "postgres", "redis", "backup"};

	_Static_assert(sizeof(NAMES) / sizeof(NAMES[0]) == MEMBER_BACKUP + 1,
	               "a name for each kind");
	return NAMES[member->kind];
}

bool member_is_ours(const struct member *member)
{
	return member->kind <= MEMBER_MEDIA;
}

void member_died(struct member *member, int64_t now_ms)
{
	int64_t wait_ms = 0;

	/* A process that could not be started has no start time. */
	if (member->now.started_ms > 0 && now_ms - member->now.started_ms >= GOOD_LIFE_MS)
		member->failures = 0;
	if (member->failures > 0)
		wait_ms = (int64_t)BACKOFF_FIRST_MS
		          << (member->failures > 7 ? 7 : member->failures - 1);
	if (wait_ms > BACKOFF_MAX_MS)
		wait_ms = BACKOFF_MAX_MS;
	assert(member->now.ready_fd < 0); /* it would leak */
	member->failures++;
	member->start_at_ms = now_ms + wait_ms;
	member->kill_at_ms = 0;
	member->now = (struct process){.ready_fd = -1};
}
