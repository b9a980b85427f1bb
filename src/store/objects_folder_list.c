#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/loop.h"
#include "store/objects_folder_internal.h"

enum { PATH_SIZE = OBJECT_KEY_MAX + 2 };

/* Made in a thread. */
struct listing {
	int fd;
	const char *prefix, *after;
	size_t count_max;
	size_t count;
	struct object_entry *entries; /* room for count_max; keys of malloc */
	int rc;
};

/* The names in a folder; those of folders end with a slash, so that they sort as in keys. */
struct names {
	char **items;
	size_t count, room;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static bool names_add(struct names *names, const char *name, bool is_folder)
{
	size_t length = strlen(name);
	char *copy;

	assert(name[0] != '.' && strchr(name, '/') == NULL);
	if (names->count == names->room) {
		size_t room = names->room > 0 ? 2 * names->room : 64;
		char **items = realloc(names->items, room * sizeof(items[0]));

		if (items == NULL)
			return false;
		names->items = items;
		names->room = room;
	}
	copy = malloc(length + 2);
	if (copy == NULL)
		return false;
	memcpy(copy, name, length);
	memcpy(copy + length, is_folder ? "/" : "", is_folder ? 2 : 1);
	names->items[names->count++] = copy;
	return true;
}

/* Most file systems say so with the name. */
static bool is_folder(int fd, const struct dirent *entry)
{
	struct stat found;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(found.st_mode);
}

/* What is gone by now is left out. */
static int read_names(int folder_fd, const char *path, struct names *ret)
{
	int fd = openat(folder_fd, path[0] != 0 ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc = 0;

	if (folder == NULL) {
		rc = errno == ENOENT ? 0 : -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!names_add(ret, entry->d_name, is_folder(fd, entry)))
			rc = -ENOMEM;
	}
	closedir(folder);
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(ret->items[0]), compare_names);
	return rc;
}

static int add_entry(struct listing *list, const char *key)
{
	struct stat found;

	if (fstatat(list->fd, key, &found, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	assert(list->count < list->count_max);
	assert(list->count == 0 || strcmp(list->entries[list->count - 1].key, key) < 0);
	if (list->entries == NULL)
		list->entries = calloc(list->count_max, sizeof(list->entries[0]));
	if (list->entries == NULL)
		return -ENOMEM;
	list->entries[list->count].key = strdup(key);
	if (list->entries[list->count].key == NULL)
		return -ENOMEM;
	list->entries[list->count].bytes = found.st_size;
	list->entries[list->count++].put_at_us = (int64_t)found.st_mtim.tv_sec * 1000 * 1000;
	return 0;
}

/* Whether some key that begins with the path, a folder with its slash, can be in the list. */
static bool may_contain(const struct listing *list, const char *path)
{
	size_t length = strlen(path), prefix_length = strlen(list->prefix);
	size_t common = length < prefix_length ? length : prefix_length;

	return memcmp(path, list->prefix, common) == 0 && strncmp(path, list->after, length) >= 0;
}

/* path: "" or a folder with its slash. Depth is bounded by the length of a key. */
static int walk(struct listing *list, const char *path)
{
	struct names names = {0};
	int rc = read_names(list->fd, path, &names);

	for (size_t i = 0; rc == 0 && i < names.count && list->count < list->count_max; i++) {
		char key[PATH_SIZE];
		int length = snprintf(key, sizeof(key), "%s%s", path, names.items[i]);

		if (length >= (int)sizeof(key))
			continue; /* not of ours */
		if (key[length - 1] == '/')
			rc = may_contain(list, key) ? walk(list, key) : 0;
		else if (strncmp(key, list->prefix, strlen(list->prefix)) == 0 &&
		         strcmp(key, list->after) > 0 && object_key_is_valid(key))
			rc = add_entry(list, key);
	}
	names_free(&names);
	return rc;
}

static void run_listing(void *arg)
{
	struct listing *list = arg;

	list->rc = walk(list, "");
}

static void free_listing(struct listing *list)
{
	for (size_t i = 0; i < list->count; i++)
		free((char *)list->entries[i].key);
	free(list->entries);
}

int folder_list(void *store, struct arena *arena, const char *prefix, const char *after,
                size_t count_max, int64_t deadline_ms, size_t *ret_count, struct object_entry **ret)
{
	struct folder *folder = store;
	struct listing found = {
	    .fd = folder->fd, .prefix = prefix, .after = after, .count_max = count_max};

	(void)deadline_ms;
	loop_in_thread(run_listing, &found);
	if (found.rc == 0) {
		*ret_count = found.count;
		*ret = arena_array(arena, found.count, sizeof((*ret)[0]));
		for (size_t i = 0; i < found.count; i++)
			(*ret)[i] = (struct object_entry){arena_strdup(arena, found.entries[i].key),
			                                  found.entries[i].bytes,
			                                  found.entries[i].put_at_us};
	}
	free_listing(&found);
	return folder_outcome(folder, OBJECT_READ, found.rc);
}
