#include "node/backup_folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/backup_key.h"
#include "node/backup_rest.h"
#include "node/say.h"

enum { INFO_BYTES_MAX = 4096 };

static int open_below(const struct backup_folder *folder, const char *name,
                      const struct data_folder *owner, bool make)
{
	char path[DATA_FOLDER_PATH_MAX + 16];
	int rc = 0, fd;

	path_format(path, sizeof(path), "%s/%s", folder->path, name);
	if (make && owner != NULL)
		rc = data_folder_make_folder(owner, path);
	else if (make && mkdirat(folder->fd, name, 0700) != 0 && errno != EEXIST)
		rc = -errno;
	fd = rc < 0 ? rc : openat(folder->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 && rc == 0 ? -errno : fd;
}

static int find_path(const struct config *config, const struct data_folder *data_folder, bool make,
                     struct backup_folder *folder)
{
	char real[DATA_FOLDER_PATH_MAX * 4];
	const char *path = config->backup_folder;

	folder->archives = path[0] != '\0';
	if (!folder->archives) {
		data_folder_path(data_folder, "backup", folder->path, sizeof(folder->path));
		path = folder->path;
	}
	if (make && mkdir(path, 0711) != 0 && errno != EEXIST)
		return -errno;
	if (realpath(path, real) == NULL)
		return -errno;
	if (strlen(real) >= sizeof(folder->path) - 64)
		return -ENAMETOOLONG;
	path_format(folder->path, sizeof(folder->path), "%s", real);
	return 0;
}

static int open_parts(struct backup_folder *folder, const struct data_folder *data_folder,
                      bool make)
{
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->fd < 0)
		return -errno;
	folder->base_fd = open_below(folder, "base", NULL, make);
	if (folder->base_fd < 0)
		return folder->base_fd;
	/* PostgreSQL's user writes it, by a descriptor. */
	folder->wal_fd = open_below(folder, "wal", data_folder, make);
	if (folder->wal_fd < 0)
		return folder->wal_fd;
	folder->objects_fd = open_below(folder, "objects", NULL, make);
	return folder->objects_fd < 0 ? folder->objects_fd : 0;
}

static bool is_rest(const char *tool)
{
	return strcmp(tool, "pgbackrest") == 0;
}

/* A folder goes on with what it was begun with; only an empty one is open to a choice. */
static int choose_tool(const struct config *config, const struct data_folder *data_folder,
                       struct backup_folder *folder)
{
	static const char *const WORDS[] = {"auto", "plain", "pgbackrest"};
	const char *wanted = WORDS[config->backup_tool], *why = NULL;
	char tool[32];
	bool can;
	int rc = backup_folder_read(folder->fd, "tool", tool, sizeof(tool));

	if (rc < 0)
		return rc;
	if (tool[0] != '\0' && config->backup_tool != BACKUP_TOOL_AUTO &&
	    strcmp(tool, wanted) != 0) {
		say("%s was begun with %s, and SEBEZ_BACKUP_TOOL is %s: use an empty folder",
		    folder->path, tool, wanted);
		return -EEXIST;
	}
	can = folder->archives && backup_rest_can(data_folder, folder->path, &why);
	folder->rest =
	    tool[0] != '\0' ? is_rest(tool) : can && config->backup_tool != BACKUP_TOOL_PLAIN;
	if ((folder->rest || config->backup_tool == BACKUP_TOOL_PGBACKREST) && !can) {
		say("pgbackrest cannot be used for %s: %s", folder->path,
		    why != NULL ? why : "SEBEZ_BACKUP_FOLDER is not set");
		return -EINVAL;
	}
	path_format(folder->conf, sizeof(folder->conf), "%s/pgbackrest/pgbackrest.conf",
	            data_folder->data);
	return 0;
}

static int begin_tool(const struct config *config, const struct data_folder *data_folder,
                      struct backup_folder *folder)
{
	char tool[32] = "";
	int rc = folder->rest ? backup_rest_prepare(config, data_folder, folder) : 0;

	if (rc == 0)
		rc = backup_folder_read(folder->fd, "tool", tool, sizeof(tool));
	return rc < 0 || tool[0] != '\0'
	           ? rc
	           : backup_folder_write(folder->fd, "tool", folder->rest ? "pgbackrest" : "plain");
}

int backup_folder_open(const struct config *config, const struct data_folder *data_folder,
                       bool make, struct backup_folder *ret)
{
	struct backup_folder folder = {
	    .fd = -1, .base_fd = -1, .wal_fd = -1, .objects_fd = -1, .lock_fd = -1};
	unsigned said = say_count();
	int rc = find_path(config, data_folder, make, &folder);

	if (rc == 0)
		rc = open_parts(&folder, data_folder, make);
	if (rc == 0)
		rc = backup_key_read(config, &folder.key);
	if (rc == 0)
		rc = backup_key_check(&folder, make);
	if (rc == 0)
		rc = choose_tool(config, data_folder, &folder);
	if (rc == 0 && (make || folder.rest))
		rc = begin_tool(config, data_folder, &folder);
	if (rc == 0) {
		*ret = folder;
		return 0;
	}
	if (say_count() == said && (make || rc != -ENOENT))
		say("cannot use the folder for backups %s: %s",
		    folder.archives ? config->backup_folder : folder.path, strerror(-rc));
	backup_folder_close(&folder);
	return rc;
}

void backup_folder_close(struct backup_folder *folder)
{
	int *fds[] = {&folder->fd, &folder->base_fd, &folder->wal_fd, &folder->objects_fd,
	              &folder->lock_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	explicit_bzero(&folder->key, sizeof(folder->key));
}

int backup_folder_lock(struct backup_folder *folder)
{
	int fd = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;

	assert(folder->lock_fd < 0);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		say("waiting for another command that uses %s", folder->path);
		rc = flock(fd, LOCK_EX) != 0 ? -errno : 0;
	}
	if (rc < 0)
		close(fd);
	else
		folder->lock_fd = fd;
	return rc;
}

int backup_folder_write(int fd, const char *name, const char *text)
{
	return backup_folder_write_for(fd, name, text, NULL);
}

int backup_folder_write_for(int fd, const char *name, const char *text,
                            const struct data_folder *owner)
{
	char temporary[BACKUP_NAME_MAX];
	size_t length = strlen(text);
	int rc = 0, file;

	path_format(temporary, sizeof(temporary), ".%s.%d.new", name, (int)getpid());
	file = openat(fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return -errno;
	if (write(file, text, length) != (ssize_t)length)
		rc = -ENOSPC;
	if (rc == 0 && owner != NULL && owner->switches_user &&
	    fchown(file, owner->uid, owner->gid) != 0)
		rc = -errno;
	if (rc == 0 && fsync(file) != 0)
		rc = -errno;
	close(file);
	if (rc == 0 && renameat(fd, temporary, fd, name) != 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(fd, temporary, 0);
	return rc < 0 || fsync(fd) == 0 ? rc : -errno;
}

int backup_folder_read(int fd, const char *name, char *ret, size_t size)
{
	int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t count = file < 0 ? -1 : read(file, ret, size - 1);
	int rc = count < 0 && errno != ENOENT ? -errno : 0;

	assert(size > 0);
	ret[count > 0 ? count : 0] = '\0';
	if (file >= 0)
		close(file);
	return rc;
}

int backup_info_write(int fd, const struct backup_info *info)
{
	char text[INFO_BYTES_MAX];
	size_t used;

	path_format(text, sizeof(text),
	            "began %" PRId64 "\nended %" PRId64 "\nbytes %" PRId64 "\nobjects %" PRId64
	            "\ntimeline %u\nsystem %s\nfirst %s\nlast %s\nstop %" PRIu64 "\n",
	            info->began_s, info->ended_s, info->bytes, info->objects, info->timeline,
	            info->system, info->wal_first, info->wal_last, info->stop);
	for (int i = 0; i < info->count_count; i++) {
		used = strlen(text);
		path_format(text + used, sizeof(text) - used, "count %s %" PRId64 "\n",
		            info->counts[i].table, info->counts[i].rows);
	}
	return backup_folder_write(fd, "info", text);
}

static void read_line(const char *line, struct backup_info *info)
{
	char table[32];
	int64_t rows;

	(void)sscanf(line, "began %" SCNd64, &info->began_s);
	(void)sscanf(line, "ended %" SCNd64, &info->ended_s);
	(void)sscanf(line, "bytes %" SCNd64, &info->bytes);
	(void)sscanf(line, "objects %" SCNd64, &info->objects);
	(void)sscanf(line, "timeline %u", &info->timeline);
	(void)sscanf(line, "system %23s", info->system);
	(void)sscanf(line, "first %24s", info->wal_first);
	(void)sscanf(line, "last %24s", info->wal_last);
	(void)sscanf(line, "stop %" SCNu64, &info->stop);
	if (sscanf(line, "count %31s %" SCNd64, table, &rows) == 2 &&
	    info->count_count < BACKUP_COUNTS_MAX) {
		memcpy(info->counts[info->count_count].table, table, sizeof(table));
		info->counts[info->count_count++].rows = rows;
	}
}

static bool read_info(const struct backup_folder *folder, const char *label,
                      struct backup_info *ret)
{
	char text[INFO_BYTES_MAX], *rest = text, *line;
	unsigned high, low;
	int fd = openat(folder->base_fd, label, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || strlen(label) >= sizeof(ret->label))
		return false;
	backup_folder_read(fd, "info", text, sizeof(text));
	close(fd);
	*ret = (struct backup_info){0};
	path_format(ret->label, sizeof(ret->label), "%s", label);
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(line, ret);
	/* Of a backup that does not say: the end of its last segment. */
	if (ret->stop == 0 && sscanf(ret->wal_last, "%*8X%8X%8X", &high, &low) == 2)
		ret->stop = ((((uint64_t)high << 8) | low) + 1) << 24;
	return ret->ended_s > 0 && ret->timeline > 0 && strlen(ret->wal_first) == WAL_NAME &&
	       strlen(ret->wal_last) == WAL_NAME;
}

static int by_label(const void *a, const void *b)
{
	const struct backup_info *one = a, *other = b;

	return strcmp(one->label, other->label);
}

int backup_folder_list(const struct backup_folder *folder, struct backup_info **ret,
                       size_t *ret_count)
{
	int fd = openat(folder->base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct backup_info *list = NULL, info;
	size_t count = 0, room = 0;
	int rc = 0;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || !read_info(folder, entry->d_name, &info))
			continue;
		if (count == room) {
			room = room == 0 ? 64 : room * 2;
			list = realloc(list, room * sizeof(list[0]));
			assert(list != NULL);
		}
		list[count++] = info;
		rc = count > BACKUP_BACKUPS_MAX ? -E2BIG : 0;
	}
	if (rc == 0 && errno != 0)
		rc = -errno;
	closedir(dir);
	if (rc < 0) {
		say("the backups in %s cannot be listed: %s", folder->path, strerror(-rc));
		free(list);
		return rc;
	}
	if (count > 0)
		qsort(list, count, sizeof(list[0]), by_label);
	*ret = list;
	*ret_count = count;
	return 0;
}

int backup_folder_remove(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (dir == NULL)
		return errno == ENOENT ? 0 : -errno;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		rc = errno == EISDIR || errno == EPERM ? backup_folder_remove(fd, entry->d_name)
		                                       : -errno;
	}
	closedir(dir);
	return rc < 0 || unlinkat(parent, name, AT_REMOVEDIR) == 0 ? rc : -errno;
}

void backup_bytes_text(int64_t bytes, char *ret, size_t size)
{
	static const char *const UNITS[] = {"bytes", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	int unit = 0;

	while (value >= 999.5 && unit < 4) {
		value /= 1000;
		unit++;
	}
	snprintf(ret, size, value < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
}

void backup_age_text(int64_t seconds, char *ret, size_t size)
{
	if (seconds < 120)
		snprintf(ret, size, "%" PRId64 " s", seconds);
	else if (seconds < 120 * 60)
		snprintf(ret, size, "%" PRId64 " min", seconds / 60);
	else if (seconds < INT64_C(48) * 3600)
		snprintf(ret, size, "%" PRId64 " h", seconds / 3600);
	else
		snprintf(ret, size, "%" PRId64 " days", seconds / 86400);
}
