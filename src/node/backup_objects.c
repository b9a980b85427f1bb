#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/backup.h"
#include "node/say.h"

/*
 * Objects never change, so a copy is made once. That an object is gone is written into the name of
 * its copy, and the time of the file is when that was noticed.
 */
#define GONE ".gone"

enum { DEPTH_MAX = 12, SEGMENT_MAX = BACKUP_NAME_MAX - 32 };

struct walk {
	const struct backup_folder *folder;
	const struct data_folder *owner; /* of restored files */
	int64_t gone_before_s, count;
	int bad, depth;
};

/* Called for each entry of a folder of the walk: its own descriptor, the other side's, the name. */
typedef int visit_fn(struct walk *walk, int fd, int other, const char *name);

static int open_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static bool is_folder(int fd, const char *name)
{
	struct stat info;

	return fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

static int each(struct walk *walk, int fd, int other, visit_fn *visit)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int rc = dir == NULL ? -errno : 0;

	walk->depth++;
	if (walk->depth > DEPTH_MAX)
		rc = -ELOOP;
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < SEGMENT_MAX)
			rc = visit(walk, fd, other, entry->d_name);
	walk->depth--;
	if (dir != NULL)
		closedir(dir);
	return rc;
}

/* Goes into a folder of both sides, which `make` makes on the other one. */
static int descend(struct walk *walk, int fd, int other, const char *name, bool make,
                   visit_fn *visit)
{
	int below = open_dir(fd, name), there, rc;

	if (below < 0)
		return below;
	if (make && mkdirat(other, name, 0700) == 0 && walk->owner != NULL &&
	    walk->owner->switches_user &&
	    fchownat(other, name, walk->owner->uid, walk->owner->gid, 0) != 0) {
		close(below);
		return -errno;
	}
	there = other < 0 ? -1 : open_dir(other, name);
	rc = make && there < 0 ? there : each(walk, below, there, visit);
	close(below);
	if (there >= 0)
		close(there);
	return rc;
}

/* fd: of the store, other: of the copies. */
static int copy_one(struct walk *walk, int fd, int other, const char *name)
{
	int source, rc;

	if (is_folder(fd, name))
		return walk->depth == 1 && strcmp(name, "tmp") == 0
		           ? 0
		           : descend(walk, fd, other, name, true, copy_one);
	walk->count++;
	rc = backup_file_exists(other, name);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	source = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (source < 0) /* deleted meanwhile */
		return errno == ENOENT ? 0 : -errno;
	rc = backup_file_put(other, name, source, &walk->folder->key, BACKUP_LEVEL_NONE, NULL);
	close(source);
	return rc;
}

/* The name of what it is a copy of; *ret_gone whether that is gone. False for other files. */
static bool read_name(const char *entry, char ret[BACKUP_NAME_MAX], bool *ret_gone)
{
	size_t length = strlen(entry), end = strlen(GONE);

	path_format(ret, BACKUP_NAME_MAX, "%s", entry);
	*ret_gone = length > end && strcmp(entry + length - end, GONE) == 0;
	if (*ret_gone)
		ret[length - end] = '\0';
	return backup_file_strip(ret);
}

/* fd: of the copies, other: of the store, -1 when it has no such folder. */
static int mark_one(struct walk *walk, int fd, int other, const char *name)
{
	char key[BACKUP_NAME_MAX], marked[BACKUP_NAME_MAX + 8];
	struct stat info;
	bool gone;

	if (is_folder(fd, name))
		return descend(walk, fd, other, name, false, mark_one);
	if (!read_name(name, key, &gone))
		return 0;
	if (gone && fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    info.st_mtime < walk->gone_before_s)
		return unlinkat(fd, name, 0) == 0 ? 0 : -errno;
	if (gone || (other >= 0 && faccessat(other, key, F_OK, AT_SYMLINK_NOFOLLOW) == 0))
		return 0;
	path_format(marked, sizeof(marked), "%s" GONE, name);
	if (utimensat(fd, name, NULL, 0) != 0 || renameat(fd, name, fd, marked) != 0)
		return -errno;
	return 0;
}

int backup_objects_copy(const struct backup_folder *folder, const struct data_folder *data_folder,
                        int64_t days, int64_t *ret_count)
{
	struct walk walk = {.folder = folder, .gone_before_s = (int64_t)time(NULL) - days * 86400};
	char path[DATA_FOLDER_PATH_MAX], text[24];
	int fd, rc;

	data_folder_path(data_folder, "objects", path, sizeof(path));
	*ret_count = 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	path_format(text, sizeof(text), "%" PRId64, (int64_t)time(NULL));
	rc = fd < 0 ? 0 : each(&walk, fd, folder->objects_fd, copy_one);
	if (rc == 0 && fd >= 0)
		rc = each(&walk, folder->objects_fd, fd, mark_one);
	if (rc == 0)
		rc = backup_folder_write(folder->fd, BACKUP_COPIED, text);
	if (fd >= 0)
		close(fd);
	*ret_count = walk.count;
	if (rc < 0)
		say("images and files cannot be copied to %s: %s", folder->path, strerror(-rc));
	return rc;
}

static int write_one(const struct walk *walk, int fd, const char *entry, int other, const char *key)
{
	char name[BACKUP_NAME_MAX], temporary[BACKUP_NAME_MAX + 8];
	int out, rc;

	/* What is marked is read by its own name. */
	path_format(name, sizeof(name), "%s", entry);
	path_format(temporary, sizeof(temporary), ".%s.new", key);
	out = openat(other, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return -errno;
	rc = backup_file_get_entry(fd, name, &walk->folder->key, out);
	if (rc == 0 && walk->owner->switches_user &&
	    fchown(out, walk->owner->uid, walk->owner->gid) != 0)
		rc = -errno;
	if (rc == 0 && fsync(out) != 0)
		rc = -errno;
	close(out);
	if (rc == 0 && renameat(other, temporary, other, key) != 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(other, temporary, 0);
	return rc;
}

/* fd: of the copies, other: of the store. */
static int restore_one(struct walk *walk, int fd, int other, const char *name)
{
	char key[BACKUP_NAME_MAX];
	bool gone;
	int rc;

	if (is_folder(fd, name))
		return descend(walk, fd, other, name, true, restore_one);
	if (!read_name(name, key, &gone) || faccessat(other, key, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	rc = write_one(walk, fd, name, other, key);
	if (rc == 0)
		walk->count++;
	else
		say("the copy of %s cannot be read: %s", key, strerror(-rc));
	return rc == -EBADMSG ? 0 : rc; /* the rows are worth more than one picture */
}

int backup_objects_restore(const struct backup_folder *folder,
                           const struct data_folder *data_folder, int64_t *ret_count)
{
	struct walk walk = {.folder = folder, .owner = data_folder};
	char path[DATA_FOLDER_PATH_MAX];
	int fd, rc;

	data_folder_path(data_folder, "objects", path, sizeof(path));
	rc = data_folder_make_folder(data_folder, path);
	fd = rc < 0 ? rc : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rc < 0 ? rc : -errno;
	rc = each(&walk, folder->objects_fd, fd, restore_one);
	close(fd);
	*ret_count = walk.count;
	return rc;
}

static int verify_one(struct walk *walk, int fd, int other, const char *name)
{
	char key[BACKUP_NAME_MAX];
	bool gone;
	int rc;

	if (is_folder(fd, name))
		return descend(walk, fd, other, name, false, verify_one);
	if (!read_name(name, key, &gone))
		return 0;
	walk->count++;
	rc = backup_file_get_entry(fd, name, &walk->folder->key, -1);
	if (rc == 0 || rc == -EINTR)
		return rc;
	printf("damaged  objects/…/%s: %s\n", name, strerror(-rc));
	walk->bad++;
	return 0;
}

int backup_objects_verify(const struct backup_folder *folder, int64_t *ret_count, int *ret_bad)
{
	struct walk walk = {.folder = folder};
	int rc = each(&walk, folder->objects_fd, -1, verify_one);

	*ret_count = walk.count;
	*ret_bad = walk.bad;
	return rc;
}
