#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/co.h"
#include "net/loop.h"
#include "node/backup_bucket.h"
#include "node/say.h"

enum {
	WORKERS = 4,
	FILE_MS = 24 * 60 * 60 * 1000,
	PIECE_ARENA_BYTES = 4 * OBJECT_PIECE_BYTES, /* a piece, and the buffers of its request */
};

struct fetch {
	struct backup_link link;
	const struct data_folder *data_folder;
	int folder;
	struct backup_tree remote;
	int round; /* as in round_of */
	size_t next;
	unsigned busy;
	int64_t files, bytes;
	int rc;
};

/* What PostgreSQL's user reads by itself. */
static bool is_owned(const struct fetch *fetch, const char *path)
{
	return fetch->data_folder->switches_user &&
	       (strncmp(path, "wal", 3) == 0 || strncmp(path, "pgbackrest", 10) == 0);
}

/* The folders above it. */
static int make_folders(const struct fetch *fetch, const char *path)
{
	char above[BUCKET_KEY_MAX + 1];

	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		path_format(above, sizeof(above), "%.*s", (int)(slash - path), path);
		if (mkdirat(fetch->folder, above, 0700) != 0) {
			if (errno != EEXIST)
				return -errno;
		} else if (is_owned(fetch, above) &&
		           fchownat(fetch->folder, above, fetch->data_folder->uid,
		                    fetch->data_folder->gid, AT_SYMLINK_NOFOLLOW) != 0) {
			return -errno;
		}
	}
	return 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -EIO;
		bytes += count;
		length -= (size_t)count;
	}
	return 0;
}

static int download(struct fetch *fetch, const char *key, int64_t bytes, int fd)
{
	char name[BUCKET_KEY_MAX + 1];
	int64_t offset = 0, deadline_ms = loop_now_ms() + FILE_MS;
	int rc = 0;

	backup_link_key(&fetch->link, key, name);
	while (rc == 0 && offset < bytes) {
		struct arena *arena = arena_new(PIECE_ARENA_BYTES, NULL, NULL);
		struct object_piece piece;

		rc = bucket_get(fetch->link.bucket, arena, name, offset, OBJECT_PIECE_BYTES,
		                deadline_ms, &piece);
		if (rc == 0 && piece.length == 0)
			rc = -EBADMSG; /* it was longer in the list */
		if (rc == 0)
			rc = write_all(fd, piece.bytes, piece.length);
		offset += rc == 0 ? (int64_t)piece.length : 0;
		arena_free(arena);
	}
	return rc;
}

/* What an earlier attempt got is there. */
static bool is_there(const struct fetch *fetch, const char *path, int64_t bytes)
{
	struct stat info;

	return fstatat(fetch->folder, path, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(info.st_mode) && info.st_size == bytes;
}

static int fetch_one(struct fetch *fetch, const struct backup_tree_file *file)
{
	char path[BUCKET_KEY_MAX + 1], temporary[BUCKET_KEY_MAX + 16];
	const char *name;
	int64_t time_s;
	int fd, rc;

	backup_tree_path(file->key, path, sizeof(path), &time_s);
	if (!backup_tree_changes(file->key) && is_there(fetch, path, file->bytes))
		return 0;
	if (time_s == BACKUP_TIME_UNKNOWN)
		time_s =
		    file->put_s; /* near enough to tell what a branch of the log is newer than */
	rc = make_folders(fetch, path);
	if (rc < 0)
		return rc;
	name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	path_format(temporary, sizeof(temporary), "%.*s.%s.new", (int)(name - path), path, name);
	fd = openat(fetch->folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	            0600);
	if (fd < 0)
		return -errno;
	rc = download(fetch, file->key, file->bytes, fd);
	if (rc == 0 && is_owned(fetch, path) &&
	    fchown(fd, fetch->data_folder->uid, fetch->data_folder->gid) != 0)
		rc = -errno;
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (rc == 0) {
		const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time_s}};

		rc = futimens(fd, times) != 0 ? -errno : 0;
	}
	close(fd);
	if (rc == 0 && renameat(fetch->folder, temporary, fetch->folder, path) != 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(fetch->folder, temporary, 0);
	fetch->files++;
	fetch->bytes += file->bytes;
	return rc;
}

/* What counts comes last, and alone the file without which there are no backups. */
static int round_of(const char *key)
{
	return strcmp(key, "system") == 0 ? 2 : backup_tree_is_final(key) ? 1 : 0;
}

/* One of several, which share the list. */
static void work(void *arg)
{
	struct fetch *fetch = arg;

	fetch->busy++;
	co_sleep_ms(1); /* the loop's clock stands still while it does not run */
	while (fetch->rc == 0 && fetch->next < fetch->remote.count) {
		const struct backup_tree_file *file = &fetch->remote.files[fetch->next++];
		int rc = 0;

		if (round_of(file->key) == fetch->round)
			rc = fetch_one(fetch, file);
		if (rc < 0)
			fetch->rc = rc;
	}
	if (--fetch->busy == 0)
		loop_stop();
}

static void list(void *arg)
{
	struct fetch *fetch = arg;

	co_sleep_ms(1);
	fetch->rc = backup_link_list(&fetch->link, BACKUP_PART_COUNT, &fetch->remote);
	loop_stop();
}

static int fetch_round(struct fetch *fetch, int round)
{
	int rc = 0;

	fetch->next = 0;
	fetch->round = round;
	for (int i = 1; i < WORKERS && rc == 0; i++)
		rc = co_start(work, fetch);
	if (rc == 0)
		rc = backup_link_run(work, fetch);
	return rc < 0 ? rc : fetch->rc;
}

/* The folder of a shop that was begun without the bucket must not hide what that has. */
static int check_own(const struct fetch *fetch)
{
	const struct config *config = fetch->link.config;
	char text[64];

	backup_folder_read(fetch->folder, "system", text, sizeof(text));
	if (text[0] == '\0' ||
	    faccessat(fetch->folder, BACKUP_BUCKET_FETCHING, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	say("%s has backups, and %s has others that it does not know: move that folder away to "
	    "get those of the bucket, or use another prefix",
	    config->backup_url, config->backup_folder);
	return -EEXIST;
}

static int fetch_files(struct fetch *fetch)
{
	const struct config *config = fetch->link.config;
	char size[24];
	static const char *const EMPTY[] = {"wal/", "base/",
	                                    "objects/"}; /* perhaps there are none */
	int rc = backup_folder_write(fetch->folder, BACKUP_BUCKET_FETCHING, "not all is there yet");

	for (int i = 0; i < 3 && rc == 0; i++)
		rc = make_folders(fetch, EMPTY[i]);

	say("getting %zu files of %s into %s", fetch->remote.count, config->backup_url,
	    config->backup_folder);
	for (int round = 0; round <= 2 && rc == 0; round++)
		rc = fetch_round(fetch, round);
	if (rc == 0)
		rc = backup_mark_write(config, fetch->folder, BACKUP_OWNER_NONE);
	if (rc == 0 && unlinkat(fetch->folder, BACKUP_BUCKET_FETCHING, 0) != 0)
		rc = -errno;
	backup_bytes_text(fetch->bytes, size, sizeof(size));
	if (rc == 0)
		say("%" PRId64 " files, %s; `sebez backup take-over` before a server with this "
		    "folder may write to the bucket",
		    fetch->files, size);
	return rc;
}

static int fetch_all(struct fetch *fetch)
{
	const struct config *config = fetch->link.config;
	int rc = backup_link_run(list, fetch);

	rc = rc < 0 ? rc : fetch->rc;
	if (rc == 0 && fetch->remote.count == 0) {
		say("%s has no backups", config->backup_url);
		return 0;
	}
	if (rc == 0) {
		rc = check_own(fetch);
		if (rc < 0)
			return rc;
		rc = fetch_files(fetch);
	}
	if (rc < 0)
		say("%s cannot be read: %s; the same command goes on", config->backup_url,
		    backup_link_reason(rc));
	return rc;
}

int backup_bucket_fetch(const struct config *config, const struct data_folder *data_folder)
{
	static struct fetch fetch;
	char owner[BACKUP_OWNER_MAX];
	int rc;

	if (config->backup_url[0] == '\0')
		return 0;
	assert(config->backup_folder[0] != '\0'); /* config_load has seen to it */
	fetch = (struct fetch){.data_folder = data_folder};
	if (mkdir(config->backup_folder, 0711) != 0 && errno != EEXIST)
		return -errno;
	fetch.folder = open(config->backup_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fetch.folder < 0) {
		say("cannot use %s: %s", config->backup_folder, strerror(errno));
		return -EIO;
	}
	if (backup_mark_read(config, fetch.folder, owner) != 0) {
		close(fetch.folder); /* it has them, or those of another bucket */
		return 0;
	}
	rc = backup_link_open(config, &fetch.link);
	if (rc == 0) {
		rc = fetch_all(&fetch);
		backup_link_close(&fetch.link);
	}
	backup_tree_free(&fetch.remote);
	close(fetch.folder);
	return rc;
}
