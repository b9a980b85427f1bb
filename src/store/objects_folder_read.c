#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/loop.h"
#include "store/objects_folder_internal.h"

static void open_file(void *arg)
{
	struct folder_step *step = arg;
	struct stat found;

	step->fd = openat(step->folder->fd, step->key, O_RDONLY | O_CLOEXEC);
	if (step->fd < 0) {
		step->rc = -errno;
		return;
	}
	if (fstat(step->fd, &found) < 0)
		step->rc = -errno;
	else if (!S_ISREG(found.st_mode))
		step->rc = -ENOENT; /* a folder of other keys */
	step->total = found.st_size;
	if (step->rc < 0)
		close(step->fd);
}

static void read_piece(void *arg)
{
	struct folder_step *step = arg;
	size_t done = 0;

	assert(step->offset + (int64_t)step->length <= step->total || step->length == 0);

	while (done < step->length) {
		ssize_t count = pread(step->fd, step->bytes + done, step->length - done,
		                      step->offset + (off_t)done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			step->rc = count < 0 ? -errno : -EIO; /* a published file never shrinks */
			break;
		}
		done += (size_t)count;
	}
	close(step->fd);
}

int folder_get(void *store, struct arena *arena, const char *key, int64_t offset, size_t length_max,
               int64_t deadline_ms, struct object_piece *ret)
{
	struct folder *folder = store;
	struct folder_step step = {.folder = folder, .key = key, .offset = offset};
	int rc = folder_on_thread(open_file, &step);
	int64_t rest;

	(void)deadline_ms;
	if (rc < 0)
		return folder_outcome(folder, OBJECT_READ, rc);
	assert(step.fd >= 0 && step.total >= 0);
	rest = step.total > offset ? step.total - offset : 0;
	step.length = rest < (int64_t)length_max ? (size_t)rest : length_max;
	step.bytes = malloc(step.length + 1); /* the arena may end the task, with the file open */
	rc = step.bytes == NULL ? -ENOMEM : folder_on_thread(read_piece, &step);
	if (step.bytes == NULL)
		close(step.fd);
	if (rc == 0) {
		arena_defer(arena, free, step.bytes);
		*ret = (struct object_piece){step.bytes, step.length, step.total};
	} else {
		free(step.bytes);
	}
	return folder_outcome(folder, OBJECT_READ, rc);
}

static void stat_file(void *arg)
{
	struct folder_step *step = arg;
	struct stat found;

	if (fstatat(step->folder->fd, step->key, &found, 0) < 0)
		step->rc = -errno;
	else if (!S_ISREG(found.st_mode))
		step->rc = -ENOENT;
	else
		step->total = found.st_size;
}

int folder_head(void *store, const char *key, int64_t deadline_ms, int64_t *ret_bytes)
{
	struct folder *folder = store;
	struct folder_step step = {.folder = folder, .key = key};
	int rc = folder_on_thread(stat_file, &step);

	(void)deadline_ms;
	if (rc == 0)
		*ret_bytes = step.total;
	return folder_outcome(folder, OBJECT_READ, rc);
}

/* The kernel has the file's path in memory: then it is opened without a disk. -EAGAIN: it has not,
 * or cannot tell. */
static int open_cached(const struct folder *folder, const char *key, int64_t *ret_bytes)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
	                       .resolve = RESOLVE_CACHED | RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, folder->fd, key, &how, sizeof(how));
	struct stat found;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EAGAIN;
	if (fstat(fd, &found) < 0 || !S_ISREG(found.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	*ret_bytes = found.st_size;
	return fd;
}

/* Whether first and last byte are in memory; those between were read together with them. */
static bool is_in_memory(int fd, int64_t bytes)
{
	char byte;
	const struct iovec one = {&byte, 1};

	return bytes == 0 || (preadv2(fd, &one, 1, 0, RWF_NOWAIT) == 1 &&
	                      preadv2(fd, &one, 1, bytes - 1, RWF_NOWAIT) == 1);
}

/* Reads the file into the kernel's memory, so that sending it does not wait for the disk. Of a
 * large one the rest is read ahead while it is sent. */
static void warm_file(void *arg)
{
	enum { AT_ONCE = 64 * 1024, MOST = 16 * 1024 * 1024 };
	struct folder_step *step = arg;
	char *bytes;

	if (step->fd < 0)
		open_file(step);
	bytes = step->rc == 0 ? malloc(AT_ONCE) : NULL;
	if (bytes == NULL)
		return;
	for (off_t at = 0; at < MOST && pread(step->fd, bytes, AT_ONCE, at) > 0;)
		at += AT_ONCE;
	free(bytes);
}

int folder_file(struct folder *folder, const char *key, int *ret_fd, int64_t *ret_bytes)
{
	struct folder_step step = {.folder = folder, .key = key, .fd = -1};
	int rc;

	step.fd = open_cached(folder, key, &step.total);
	if (step.fd == -ENOENT)
		return -ENOENT;
	if (step.fd < 0 || !is_in_memory(step.fd, step.total)) {
		rc = folder_on_thread(warm_file, &step);
		if (rc < 0)
			return folder_outcome(folder, OBJECT_READ, rc);
	}
	assert(step.fd >= 0 && step.total >= 0);
	*ret_fd = step.fd;
	*ret_bytes = step.total;
	return 0;
}
