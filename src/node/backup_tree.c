#include "node/backup_tree.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/data_folder.h"
#include "store/bucket.h"

enum { DEPTH_MAX = 16 };

/* With a secret the log has what is sealed with it. */
static const char *const LOGS[] = {"wal", "pgbackrest/archive", "secrets"};

static bool is_below(const char *key, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(key, folder, length) == 0 && (key[length] == '/' || key[length] == '\0');
}

enum backup_part backup_part_of(const char *key)
{
	for (size_t i = 0; i < sizeof(LOGS) / sizeof(LOGS[0]); i++)
		if (is_below(key, LOGS[i]))
			return BACKUP_PART_LOG;
	return is_below(key, "objects") ? BACKUP_PART_OBJECTS : BACKUP_PART_REST;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

bool backup_tree_is_final(const char *key)
{
	return ends_with(key, "/info") || ends_with(key, ".info") || ends_with(key, ".info.copy") ||
	       strcmp(key, "tool") == 0 || strcmp(key, "system") == 0;
}

bool backup_tree_changes(const char *key)
{
	return backup_tree_is_final(key) || strncmp(key, "secret.", 7) == 0 ||
	       strcmp(key, "drill.json") == 0 || strcmp(key, "copied") == 0 ||
	       strstr(key, "backup.manifest") != NULL;
}

void backup_tree_add(struct backup_tree *tree, const char *key, int64_t bytes, int64_t time_s)
{
	struct backup_tree_file *file;

	if (tree->count == tree->room) {
		tree->room = tree->room == 0 ? 256 : tree->room * 2;
		tree->files = realloc(tree->files, tree->room * sizeof(tree->files[0]));
		assert(tree->files != NULL);
	}
	file = &tree->files[tree->count++];
	file->key = strdup(key);
	file->bytes = bytes;
	file->time_s = time_s;
	file->put_s = 0;
	assert(file->key != NULL && bytes >= 0);
}

static int by_key(const void *a, const void *b)
{
	const struct backup_tree_file *one = a, *other = b;

	return strcmp(one->key, other->key);
}

void backup_tree_sort(struct backup_tree *tree)
{
	if (tree->count > 0)
		qsort(tree->files, tree->count, sizeof(tree->files[0]), by_key);
}

struct backup_tree_file *backup_tree_find(const struct backup_tree *tree, const char *key)
{
	struct backup_tree_file wanted = {.key = (char *)key};

	return tree->count == 0
	           ? NULL
	           : bsearch(&wanted, tree->files, tree->count, sizeof(wanted), by_key);
}

void backup_tree_free(struct backup_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->files[i].key);
	free(tree->files);
	*tree = (struct backup_tree){0};
}

void backup_tree_path(const char *key, char *ret, size_t size, int64_t *ret_time_s)
{
	const char *tilde = strrchr(key, '~');

	path_format(ret, size, "%.*s", (int)(tilde != NULL ? (size_t)(tilde - key) : strlen(key)),
	            key);
	*ret_time_s = tilde != NULL ? strtoll(tilde + 1, NULL, 10) : BACKUP_TIME_UNKNOWN;
}

/* Of the folder itself; its lock is no content, nor is what says which bucket it belongs to. */
static bool is_passed_over(const char *path, const char *name)
{
	return name[0] == '.' || ends_with(name, ".pgbackrest.tmp") || strcmp(path, "lock") == 0 ||
	       strcmp(path, "owner") == 0 || strcmp(path, "bucket") == 0 ||
	       strncmp(path, "bucket.", 7) == 0;
}

/* When a branch of the log was archived says which moments are of it, so that time is kept. */
static void add_file(struct backup_tree *tree, const char *path, const struct stat *info)
{
	char key[BUCKET_KEY_MAX + 32];

	path_format(key, sizeof(key), "%s", path);
	if (strstr(path, ".history") != NULL)
		path_format(key, sizeof(key), "%s~%" PRId64, path, (int64_t)info->st_mtime);
	backup_tree_add(tree, key, info->st_size, info->st_mtime);
}

static int walk(int folder, const char *below, enum backup_part part, int depth,
                struct backup_tree *tree);

static int look(int fd, int folder, const char *below, const char *name, enum backup_part part,
                int depth, struct backup_tree *tree)
{
	char path[BUCKET_KEY_MAX + 1];
	struct stat info;

	if (strlen(below) + strlen(name) + 1 > BUCKET_KEY_MAX)
		return -ENAMETOOLONG;
	path_format(path, sizeof(path), "%s%s%s", below, below[0] != '\0' ? "/" : "", name);
	if (is_passed_over(path, name))
		return 0;
	if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -errno; /* deleted meanwhile */
	if (S_ISDIR(info.st_mode))
		/* Another part's folder is its own; one above the log's is of the rest. */
		return backup_part_of(path) == part ? walk(folder, path, part, depth + 1, tree) : 0;
	if (S_ISREG(info.st_mode) && backup_part_of(path) == part && bucket_key_is_valid(path))
		add_file(tree, path, &info);
	return 0;
}

static int walk(int folder, const char *below, enum backup_part part, int depth,
                struct backup_tree *tree)
{
	int fd = openat(folder, below[0] != '\0' ? below : ".",
	                O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
	    rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL)
		return errno == ENOENT ? 0 : -errno;
	if (depth > DEPTH_MAX)
		rc = -ELOOP;
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		rc = look(fd, folder, below, entry->d_name, part, depth, tree);
	if (rc == 0 && errno != 0)
		rc = -errno;
	closedir(dir);
	return rc;
}

int backup_tree_read(int folder, enum backup_part part, struct backup_tree *ret)
{
	static const char *const ROOTS[BACKUP_PART_COUNT][3] = {
	    [BACKUP_PART_LOG] = {"wal", "pgbackrest/archive", "secrets"},
	    [BACKUP_PART_OBJECTS] = {"objects"},
	    [BACKUP_PART_REST] = {""},
	};
	/* Every folder for backups has it. */
	static const char *const THERE[BACKUP_PART_COUNT] = {[BACKUP_PART_LOG] = "wal",
	                                                     [BACKUP_PART_OBJECTS] = "objects",
	                                                     [BACKUP_PART_REST] = "base"};
	int rc = 0;

	*ret = (struct backup_tree){.absent = faccessat(folder, THERE[part], F_OK, 0) != 0};
	for (int i = 0; i < 3 && rc == 0 && ROOTS[part][i] != NULL; i++)
		rc = walk(folder, ROOTS[part][i], part, 0, ret);
	if (rc < 0)
		backup_tree_free(ret);
	backup_tree_sort(ret);
	return rc;
}
