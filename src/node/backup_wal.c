#include "node/backup_wal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/backup_rest.h"
#include "node/say.h"
#include "node/secret.h"

enum {
	PER_FILE = 256,      /* segments of 16 MB in 4 GB, whose number is the middle of a name */
	NAMES_MAX = 1 << 22, /* 64 TB of log */
	LEFT_AGE_S = 3600,   /* no command writes one file for so long */
	/* PostgreSQL ends recovery at a file that is not there (1), and stops at a status above
	 * 128: what cannot be read must not be taken for the end of the log. */
	STATUS_MISSING = 1,
	STATUS_BROKEN = 129,
};

#define HEX "0123456789ABCDEF"

typedef char wal_name[WAL_NAME + 1];

static bool is_segment(const char *name)
{
	return strspn(name, HEX) == WAL_NAME && name[WAL_NAME] == '\0';
}

/* A segment, the history of a timeline, the end of a backup, an incomplete segment. */
static bool is_wal_name(const char *name)
{
	size_t digits = strspn(name, HEX);

	return strlen(name) < 64 && (digits == WAL_NAME || digits == 8) &&
	       strchr(name, '/') == NULL;
}

static int lend_key(const struct config *config, struct backup_loan *loan)
{
	struct secret key;
	char text[SECRET_TEXT_LENGTH + 1];

	loan->key[0] = '\0';
	if (config->backup_key[0] == '\0')
		return 0;
	if (!secret_parse(config->backup_key, &key))
		return -EINVAL;
	for (int i = 0; i < SECRET_BYTES; i++)
		snprintf(text + (ptrdiff_t)i * 2, 3, "%02x", key.key[i]);
	path_format(loan->key, sizeof(loan->key), "SEBEZ_BACKUP_KEY=%s", text);
	explicit_bzero(&key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return 0;
}

int backup_wal_lend(const struct config *config, const struct data_folder *data_folder,
                    struct child_spec *spec, struct backup_loan *ret)
{
	struct backup_loan loan = {.program_fd = -1, .wal_fd = -1};
	struct backup_folder folder = {0};
	int rc = lend_key(config, &loan);

	assert(spec->fd_count + 2 <= CHILD_FDS_MAX && config->backup_folder[0] != '\0');
	if (rc == 0)
		rc = backup_folder_open(config, data_folder, true, &folder);
	if (rc < 0)
		return rc;
	if (folder.rest) {
		backup_folder_close(&folder);
		return 1;
	}
	loan.wal_fd = fcntl(folder.wal_fd, F_DUPFD_CLOEXEC, 0);
	backup_folder_close(&folder);
	loan.program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (loan.wal_fd < 0 || loan.program_fd < 0) {
		backup_wal_lent(&loan);
		return -EMFILE;
	}
	path_format(loan.program, sizeof(loan.program), "SEBEZ_PROGRAM=/proc/self/fd/%d",
	            CHILD_FIRST_FD + spec->fd_count);
	spec->fds[spec->fd_count++] = loan.program_fd;
	path_format(loan.wal, sizeof(loan.wal), "SEBEZ_WAL=/proc/self/fd/%d",
	            CHILD_FIRST_FD + spec->fd_count);
	spec->fds[spec->fd_count++] = loan.wal_fd;
	*ret = loan;
	return 0;
}

void backup_wal_lent(struct backup_loan *loan)
{
	if (loan->program_fd >= 0)
		close(loan->program_fd);
	if (loan->wal_fd >= 0)
		close(loan->wal_fd);
	explicit_bzero(loan, sizeof(*loan));
	loan->program_fd = loan->wal_fd = -1;
}

void backup_wal_command(const struct backup_folder *folder, const char *cluster, bool put,
                        char *ret, size_t size)
{
	if (folder->rest)
		backup_rest_command(folder, cluster, put, ret, size);
	else
		path_format(ret, size, "\"$SEBEZ_PROGRAM\" %s \"%%p\"",
		            put ? "wal-put" : "wal-get %f");
}

/* The command's side of the loan. */
static int borrow(struct backup_key *ret_key)
{
	const char *folder = getenv("SEBEZ_WAL"), *text = getenv("SEBEZ_BACKUP_KEY");
	struct secret key;
	int fd;

	*ret_key = (struct backup_key){0};
	if (folder == NULL)
		return -EINVAL;
	if (text != NULL && text[0] != '\0') {
		if (!secret_parse(text, &key))
			return -EINVAL;
		memcpy(ret_key->bytes, key.key, SECRET_BYTES);
		ret_key->given = true;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int backup_wal_put(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	int source = open(path, O_RDONLY | O_CLOEXEC);
	struct backup_key key;
	int folder = borrow(&key), rc;

	if (source < 0 || folder < 0 || !is_wal_name(name)) {
		say("wal-put: cannot open %s or the folder for backups", path);
		return 1;
	}
	rc = backup_file_put(folder, name, source, &key, BACKUP_LEVEL_FAST, NULL);
	if (rc == -EEXIST)
		say("wal-put: the folder for backups has another %s: it is the folder of another "
		    "database, or the file there is damaged; it is not replaced",
		    name);
	else if (rc < 0)
		say("wal-put: cannot write %s to the folder for backups: %s", name, strerror(-rc));
	explicit_bzero(&key, sizeof(key));
	close(source);
	close(folder);
	return rc == 0 ? 0 : 1;
}

int backup_wal_get(const char *name, const char *path)
{
	struct backup_key key;
	int folder = borrow(&key), rc, out;

	if (folder < 0 || !is_wal_name(name)) {
		say("wal-get: cannot open the folder for backups");
		return STATUS_BROKEN;
	}
	rc = backup_file_exists(folder, name);
	if (rc == 0)
		return STATUS_MISSING;
	out = rc < 0 ? rc : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (rc > 0)
		rc = out < 0 ? -errno : backup_file_get(folder, name, &key, out);
	explicit_bzero(&key, sizeof(key));
	if (out >= 0 && close(out) != 0 && rc == 0)
		rc = -errno;
	close(folder);
	if (rc == 0)
		return 0;
	say("wal-get: %s cannot be read: %s", name,
	    rc == -EBADMSG ? "it is damaged, or of another key" : strerror(-rc));
	return STATUS_BROKEN;
}

void backup_wal_next(const char name[WAL_NAME + 1], char ret[WAL_NAME + 1])
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

static int open_dir(const struct backup_folder *folder, DIR **ret)
{
	int fd = openat(folder->wal_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = fd < 0 ? NULL : fdopendir(fd);
	return *ret == NULL ? -errno : 0;
}

struct names {
	wal_name *items;
	size_t count, room;
};

static int add_name(struct names *names, const char *name)
{
	if (names->count == NAMES_MAX)
		return -E2BIG;
	if (names->count == names->room) {
		names->room = names->room == 0 ? 1024 : names->room * 2;
		names->items = realloc(names->items, names->room * sizeof(names->items[0]));
		assert(names->items != NULL);
	}
	path_format(names->items[names->count++], sizeof(names->items[0]), "%.24s", name);
	return 0;
}

/* pgBackRest's are <segment>-<hash>.lz4, in folders of 256. Free *ret with globfree(). */
static void find_in_rest(const struct backup_folder *folder, const char *pattern, glob_t *ret)
{
	char path[DATA_FOLDER_PATH_MAX + 64];

	path_format(path, sizeof(path), "%s/pgbackrest/archive/sebez/*/%s", folder->path, pattern);
	if (glob(path, GLOB_NOSORT, NULL, ret) != 0)
		ret->gl_pathc = 0;
}

static int list_of_rest(const struct backup_folder *folder, struct names *names)
{
	glob_t found;
	int rc = 0;

	find_in_rest(folder, "*/*-*", &found);
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;

		if (strspn(name, HEX) == WAL_NAME && name[WAL_NAME] == '-')
			rc = add_name(names, name);
	}
	if (found.gl_pathc > 0)
		globfree(&found);
	return rc;
}

/* Segments that are there, in order; free ret->items with free(). */
static int list_segments(const struct backup_folder *folder, struct names *ret)
{
	const struct dirent *entry;
	char name[BACKUP_NAME_MAX];
	DIR *dir;
	int rc = open_dir(folder, &dir);

	*ret = (struct names){0};
	if (rc < 0)
		return rc;
	if (folder->rest)
		rc = list_of_rest(folder, ret);
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
		path_format(name, sizeof(name), "%s", entry->d_name);
		if (backup_file_strip(name) && is_segment(name))
			rc = add_name(ret, name);
	}
	if (rc == 0 && errno != 0)
		rc = -errno;
	closedir(dir);
	if (rc < 0)
		say("the archived log in %s cannot be listed: %s", folder->path, strerror(-rc));
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(ret->items[0]), by_name);
	return rc;
}

int backup_wal_last(const struct backup_folder *folder, const char *first, char ret[WAL_NAME + 1],
                    char ret_missing[WAL_NAME + 1])
{
	struct names names;
	wal_name next;
	size_t i = 0;
	int rc = list_segments(folder, &names);

	path_format(next, sizeof(next), "%s", first);
	ret[0] = ret_missing[0] = '\0';
	while (i < names.count && strcmp(names.items[i], first) < 0)
		i++;
	for (; i < names.count && ret_missing[0] == '\0'; i++) {
		bool branches = ret[0] != '\0' && strncmp(names.items[i], next, 8) != 0;

		/* A branch begins with the segment in which it left the older timeline, so at the
		 * latest with the one after the last of that. */
		if (branches ? strcmp(names.items[i] + 8, next + 8) > 0
		             : strcmp(names.items[i], next) != 0)
			path_format(ret_missing, WAL_NAME + 1, "%s", next);
		else
			path_format(ret, WAL_NAME + 1, "%s", names.items[i]);
		backup_wal_next(names.items[i], next);
	}
	free(names.items);
	return rc;
}

static unsigned rest_timeline_at(const struct backup_folder *folder, unsigned least, int64_t at_s)
{
	struct stat info;
	glob_t found;

	find_in_rest(folder, "????????.history", &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		unsigned timeline = 0;

		if (sscanf(strrchr(found.gl_pathv[i], '/') + 1, "%8X.history", &timeline) == 1 &&
		    timeline > least && stat(found.gl_pathv[i], &info) == 0 &&
		    info.st_mtime <= at_s)
			least = timeline;
	}
	if (found.gl_pathc > 0)
		globfree(&found);
	return least;
}

unsigned backup_wal_timeline_at(const struct backup_folder *folder, unsigned least, int64_t at_s)
{
	char name[BACKUP_NAME_MAX];
	const struct dirent *entry;
	struct stat info;
	DIR *dir;

	if (folder->rest)
		return rest_timeline_at(folder, least, at_s);
	if (open_dir(folder, &dir) < 0)
		return least;
	while ((entry = readdir(dir)) != NULL) {
		unsigned timeline = 0;

		path_format(name, sizeof(name), "%s", entry->d_name);
		if (backup_file_strip(name) && sscanf(name, "%8X.history", &timeline) == 1 &&
		    strlen(name) == strlen("00000001.history") && timeline > least &&
		    fstatat(folder->wal_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
		    info.st_mtime <= at_s)
			least = timeline;
	}
	closedir(dir);
	return least;
}

void backup_wal_expire(const struct backup_folder *folder, const char *first)
{
	char name[BACKUP_NAME_MAX];
	const struct dirent *entry;
	struct stat info;
	DIR *dir;

	assert(is_segment(first));
	if (open_dir(folder, &dir) < 0)
		return;
	while ((entry = readdir(dir)) != NULL) {
		bool goes;

		path_format(name, sizeof(name), "%s", entry->d_name);
		/* By position, so that what an older timeline has beyond a branch stays as long as
		 * the branch. */
		goes = backup_file_strip(name) && strspn(name, HEX) == WAL_NAME &&
		       strncmp(name + 8, first + 8, 16) < 0;
		if (entry->d_name[0] == '.' && strstr(entry->d_name, ".new") != NULL)
			goes = fstatat(folder->wal_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) ==
			           0 &&
			       time(NULL) - info.st_mtime > LEFT_AGE_S;
		if (goes)
			unlinkat(folder->wal_fd, entry->d_name, 0);
	}
	closedir(dir);
}
