#include "node/backup_log.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/backup_rest.h"
#include "node/say.h"

enum {
	PER_FILE = 256,      /* segments of 16 MB in 4 GB, whose number is the middle of a name */
	NAMES_MAX = 1 << 22, /* 64 TB of log */
};

#define HEX "0123456789ABCDEF"
#define HISTORY ".history"

static bool is_segment(const char *name)
{
	return strspn(name, HEX) == WAL_NAME && name[WAL_NAME] == '\0';
}

void backup_log_next(const char name[WAL_NAME + 1], char ret[WAL_NAME + 1])
{
	unsigned timeline, high, low;
	int parts = sscanf(name, "%8X%8X%8X", &timeline, &high, &low);

	assert(parts == 3 && low < PER_FILE);
	low = (low + 1) % PER_FILE;
	path_format(ret, WAL_NAME + 1, "%08X%08X%08X", timeline, low == 0 ? high + 1 : high, low);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int note_end(struct backup_log *log, const char *name, int64_t at_s)
{
	unsigned timeline = 0;
	int parts = sscanf(name, "%8X", &timeline);
	size_t i = 0;

	assert(parts == 1);
	while (i < log->end_count && log->ends[i].timeline != timeline)
		i++;
	if (i == sizeof(log->ends) / sizeof(log->ends[0]))
		return -E2BIG;
	if (i == log->end_count)
		log->ends[log->end_count++].timeline = timeline;
	if (at_s > log->ends[i].at_s)
		log->ends[i].at_s = at_s;
	return 0;
}

static int add_segment(struct backup_log *log, const char *name, int64_t at_s)
{
	if (log->count == NAMES_MAX)
		return -E2BIG;
	if (log->count == log->room) {
		log->room = log->room == 0 ? 1024 : log->room * 2;
		log->segments = realloc(log->segments, log->room * sizeof(log->segments[0]));
		assert(log->segments != NULL);
	}
	path_format(log->segments[log->count++], sizeof(log->segments[0]), "%.24s", name);
	return note_end(log, name, at_s);
}

/* Whether it is the name of a history. */
static bool is_history(const char *name, unsigned *ret)
{
	return strspn(name, HEX) == WAL_TIMELINE && strcmp(name + WAL_TIMELINE, HISTORY) == 0 &&
	       sscanf(name, "%8X", ret) == 1;
}

static int add_history(struct backup_log *log, unsigned timeline, int64_t at_s, const char *name)
{
	size_t i = log->history_count;

	if (i == BACKUP_BRANCHES_MAX || strlen(name) >= sizeof(log->histories[0].name))
		return -E2BIG;
	log->histories[i].timeline = timeline;
	log->histories[i].at_s = at_s;
	path_format(log->histories[i].name, sizeof(log->histories[i].name), "%s", name);
	log->history_count++;
	return 0;
}

static int add_file(const struct backup_folder *folder, struct backup_log *log, const char *entry)
{
	char name[BACKUP_NAME_MAX];
	struct stat info;
	unsigned timeline;

	path_format(name, sizeof(name), "%s", entry);
	if (!backup_file_strip(name))
		return 0;
	if (!is_segment(name) && !is_history(name, &timeline))
		return 0;
	if (fstatat(folder->wal_fd, entry, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -errno; /* expired meanwhile */
	if (is_segment(name))
		return add_segment(log, name, info.st_mtime);
	return add_history(log, timeline, info.st_mtime, name);
}

static int read_folder(const struct backup_folder *folder, struct backup_log *log)
{
	int fd = openat(folder->wal_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		rc = add_file(folder, log, entry->d_name);
	if (rc == 0 && errno != 0)
		rc = -errno;
	closedir(dir);
	return rc;
}

/* pgBackRest's are <id>/<folder of 256>/<segment>-<hash>.lz4, and <id>/<history>. */
static int read_rest(const struct backup_folder *folder, const struct data_folder *data_folder,
                     struct backup_log *log)
{
	json_t *all, *value;
	const char *path;
	unsigned timeline;
	int rc = backup_rest_list(folder, data_folder, BACKUP_REST_ARCHIVE, &all);

	if (rc < 0)
		return rc;
	json_object_foreach(all, path, value)
	{
		const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
		int64_t at_s = json_integer_value(json_object_get(value, "time"));

		if (rc == 0 && strspn(name, HEX) == WAL_NAME && name[WAL_NAME] == '-')
			rc = add_segment(log, name, at_s);
		else if (rc == 0 && is_history(name, &timeline))
			rc = add_history(log, timeline, at_s, path);
	}
	json_decref(all);
	return rc;
}

int backup_log_read(const struct backup_folder *folder, const struct data_folder *data_folder,
                    struct backup_log *ret)
{
	int rc;

	*ret = (struct backup_log){0};
	rc = folder->rest ? read_rest(folder, data_folder, ret) : read_folder(folder, ret);
	if (rc < 0) {
		say("the archived log in %s cannot be listed: %s", folder->path, strerror(-rc));
		backup_log_free(ret);
		return rc;
	}
	if (ret->count > 0)
		qsort(ret->segments, ret->count, sizeof(ret->segments[0]), by_name);
	return 0;
}

void backup_log_free(struct backup_log *log)
{
	free(log->segments);
	*log = (struct backup_log){0};
}

bool backup_log_has(const struct backup_log *log, const char *segment)
{
	return log->count > 0 && bsearch(segment, log->segments, log->count,
	                                 sizeof(log->segments[0]), by_name) != NULL;
}

void backup_log_add(struct backup_log *log, const char *segment)
{
	assert(is_segment(segment));
	if (add_segment(log, segment, 0) == 0)
		qsort(log->segments, log->count, sizeof(log->segments[0]), by_name);
}

unsigned backup_branch_at(const struct backup_log *log, const struct backup_info *list,
                          size_t count, int64_t at_s)
{
	unsigned newest = 1;

	for (size_t i = 0; i < log->history_count; i++)
		if (log->histories[i].at_s <= at_s && log->histories[i].timeline > newest)
			newest = log->histories[i].timeline;
	for (size_t i = 0; i < count; i++)
		if (list[i].began_s <= at_s && list[i].timeline > newest)
			newest = list[i].timeline;
	return newest;
}

/* When the timeline began, as far as it is known: 0 of the first one. */
static int64_t began_s(const struct backup_log *log, const struct backup_info *list, size_t count,
                       unsigned timeline)
{
	for (size_t i = 0; i < log->history_count; i++)
		if (log->histories[i].timeline == timeline)
			return log->histories[i].at_s;
	for (size_t i = 0; i < count && timeline > 1; i++) /* the oldest first */
		if (list[i].timeline == timeline)
			return list[i].began_s;
	return 0;
}

unsigned backup_branch_rival(const struct backup_log *log, const struct backup_info *list,
                             size_t count, unsigned timeline)
{
	int64_t since_s = began_s(log, list, count, timeline);

	for (size_t i = 0; i < log->end_count && since_s != 0; i++)
		if (log->ends[i].timeline < timeline && log->ends[i].at_s > since_s)
			return log->ends[i].timeline;
	for (size_t i = 0; i < count && since_s != 0; i++)
		if (list[i].timeline < timeline && list[i].began_s > since_s)
			return list[i].timeline;
	return 0;
}
