#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "net/loop.h"
#include "store/objects_folder_internal.h"

enum {
	CHUNK_BYTES = 256 * 1024,
	/* Of what a killed process left: no put waits so long for its next bytes. */
	TMP_AGE_S = 3600,
};

int folder_outcome(struct folder *folder, enum object_access access, int rc)
{
	if (rc == 0)
		outage_over(&folder->outages[access], "objects");
	if (rc == 0 || rc == -ENOENT || rc == -ETIMEDOUT)
		return rc;
	outage_on(&folder->outages[access], "objects", strerror(-rc));
	return rc == -ENOSPC || rc == -EDQUOT ? -ENOSPC : -EIO;
}

int folder_on_thread(void (*work)(void *arg), struct folder_step *step)
{
	step->rc = 0;
	loop_in_thread(work, step);
	return step->rc;
}

/* What killed processes left under tmp/. */
static int remove_leftovers(const struct folder *folder)
{
	int fd = openat(folder->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tmp = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (tmp == NULL) {
		int rc = -errno;

		if (fd >= 0)
			close(fd);
		return rc;
	}
	while ((entry = readdir(tmp)) != NULL) {
		struct stat found;

		if (fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(found.st_mode) && time(NULL) - found.st_mtime > TMP_AGE_S)
			unlinkat(fd, entry->d_name, 0);
	}
	closedir(tmp);
	return 0;
}

/* Several threads may do it at once, which is harmless. */
static void tidy(struct folder *folder)
{
	time_t now = time(NULL);

	if (now < __atomic_load_n(&folder->tidy_at, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&folder->tidy_at, now + TMP_AGE_S, __ATOMIC_RELAXED);
	(void)remove_leftovers(folder);
}

static void begin_file(void *arg)
{
	struct folder_step *step = arg;
	uint8_t random[FOLDER_TMP_BYTES];

	tidy(step->folder);
	randombytes_buf(random, sizeof(random));
	memcpy(step->tmp, "tmp/", sizeof("tmp/"));
	hex_encode(random, sizeof(random), step->tmp + strlen("tmp/"));
	step->fd =
	    openat(step->folder->fd, step->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	step->rc = step->fd < 0 ? -errno : folder_give_away(step->folder, step->fd, "");
}

static void write_piece(void *arg)
{
	struct folder_step *step = arg;
	size_t written = 0;

	assert(step->fd >= 0 && step->length > 0 && step->length <= CHUNK_BYTES);

	while (written < step->length) {
		ssize_t count = write(step->fd, step->bytes + written, step->length - written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			step->rc = -errno;
			return;
		}
		written += (size_t)count;
	}
}

static void publish_file(void *arg)
{
	struct folder_step *step = arg;
	int fd = step->folder->fd;
	size_t settled;

	assert(step->fd >= 0 && step->tmp[0] != '\0');
	if (fsync(step->fd) < 0) {
		step->rc = -errno;
		return;
	}
	step->rc = folder_make_way(step->folder, step->key, &settled);
	if (step->rc == 0 && renameat(fd, step->tmp, fd, step->key) < 0)
		step->rc = -errno;
	if (step->rc == 0)
		step->rc = folder_sync_way(step->folder, step->key, settled);
}

/* After publish_file the name under tmp/ is gone. */
static void end_file(void *arg)
{
	struct folder_step *step = arg;

	close(step->fd);
	unlinkat(step->folder->fd, step->tmp, 0);
}

/* *ret_source_failed: the error is that of `read`. */
static int write_pieces(struct folder_step *step, object_read_fn *read, void *arg,
                        int64_t deadline_ms, bool *ret_source_failed)
{
	int rc;

	for (;;) {
		long count = read(arg, step->bytes, CHUNK_BYTES);

		assert(count <= CHUNK_BYTES);
		*ret_source_failed = count < 0;
		if (count <= 0)
			return (int)count;
		if (loop_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		step->length = (size_t)count;
		rc = folder_on_thread(write_piece, step);
		if (rc < 0)
			return rc;
	}
}

static int put(void *store, const char *key, object_read_fn *read, void *arg, int64_t deadline_ms)
{
	struct folder *folder = store;
	struct folder_step step = {.folder = folder, .key = key};
	bool source_failed = false;
	int rc;

	step.bytes = malloc(CHUNK_BYTES);
	if (step.bytes == NULL)
		return -ENOMEM;
	rc = folder_on_thread(begin_file, &step);
	if (rc == 0) {
		rc = write_pieces(&step, read, arg, deadline_ms, &source_failed);
		if (rc == 0)
			rc = folder_on_thread(publish_file, &step);
		folder_on_thread(end_file, &step);
	}
	free(step.bytes);
	return source_failed ? rc : folder_outcome(folder, OBJECT_WRITE, rc);
}

/* Files never change, so both keys may share one; a name under tmp/ lets the copy replace. */
static void link_file(void *arg)
{
	struct folder_step *step = arg;
	int fd = step->folder->fd;
	size_t settled;

	begin_file(step);
	if (step->rc < 0)
		return;
	close(step->fd);
	unlinkat(fd, step->tmp, 0);
	step->rc = folder_make_way(step->folder, step->other, &settled);
	if (step->rc == 0 && linkat(fd, step->key, fd, step->tmp, 0) < 0)
		step->rc = -errno;
	if (step->rc == 0 && renameat(fd, step->tmp, fd, step->other) < 0)
		step->rc = -errno;
	unlinkat(fd, step->tmp, 0); /* there when the other was this file already */
	if (step->rc == 0)
		step->rc = folder_sync_way(step->folder, step->other, settled);
}

static int copy(void *store, const char *from, const char *to, int64_t deadline_ms)
{
	struct folder *folder = store;
	struct folder_step step = {.folder = folder, .key = from, .other = to};

	(void)deadline_ms;
	return folder_outcome(folder, OBJECT_WRITE, folder_on_thread(link_file, &step));
}

/* Empty folders stay: another process may be about to rename a file into them. */
static void unlink_file(void *arg)
{
	struct folder_step *step = arg;

	if (unlinkat(step->folder->fd, step->key, 0) < 0 && errno != ENOENT && errno != EISDIR)
		step->rc = -errno;
	else
		step->rc = folder_sync_parent(step->folder, step->key);
	if (step->rc == -ENOENT)
		step->rc = 0; /* there is no folder either */
}

static int remove_object(void *store, const char *key, int64_t deadline_ms)
{
	struct folder *folder = store;
	struct folder_step step = {.folder = folder, .key = key};

	(void)deadline_ms;
	return folder_outcome(folder, OBJECT_REMOVE, folder_on_thread(unlink_file, &step));
}

static int find_owner(struct folder *folder)
{
	struct stat found;

	if (fstat(folder->fd, &found) < 0)
		return -errno;
	folder->gives_away = geteuid() == 0 && found.st_uid != 0;
	folder->uid = found.st_uid;
	folder->gid = found.st_gid;
	return 0;
}

static int open_folder(const struct objects_settings *settings, void **ret)
{
	struct folder folder = {
	    .keys = {.access_key = FOLDER_ACCESS_KEY, .secret_key = settings->secret},
	};
	bool made;
	int rc;

	folder.tidy_at = time(NULL) + TMP_AGE_S;
	if (mkdir(settings->folder, 0700) < 0 && errno != EEXIST)
		return -errno;
	folder.fd = open(settings->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder.fd < 0)
		return -errno;
	rc = find_owner(&folder);
	if (rc == 0)
		rc = folder_make(&folder, "tmp", &made);
	if (rc == 0)
		rc = remove_leftovers(&folder);
	*ret = rc == 0 ? malloc(sizeof(folder)) : NULL;
	if (*ret == NULL) {
		close(folder.fd);
		return rc < 0 ? rc : -ENOMEM;
	}
	memcpy(*ret, &folder, sizeof(folder));
	return 0;
}

static void close_folder(void *store)
{
	struct folder *folder = store;

	close(folder->fd);
	free(folder);
}

static bool is_up(const void *store)
{
	return object_outages_none(((const struct folder *)store)->outages);
}

const struct object_backend FOLDER_BACKEND = {
    .open = open_folder,
    .close = close_folder,
    .put = put,
    .get = folder_get,
    .head = folder_head,
    .copy = copy,
    .remove = remove_object,
    .list = folder_list,
    .presign = folder_presign,
    .url = folder_url,
    .is_up = is_up,
};
