#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/objects_folder_internal.h"

int folder_give_away(const struct folder *folder, int fd, const char *path)
{
	if (!folder->gives_away)
		return 0;
	return fchownat(fd, path, folder->uid, folder->gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int folder_make(const struct folder *folder, const char *path, bool *ret_made)
{
	*ret_made = mkdirat(folder->fd, path, 0700) == 0;
	if (*ret_made)
		return folder_give_away(folder, folder->fd, path);
	return errno == EEXIST ? 0 : -errno;
}

/* Never 0, as an empty slot is. */
static uint64_t hash_of(const char *key, size_t length)
{
	return hash_plain(key, length) | 1;
}

static uint64_t *slot_of(struct folder *folder, uint64_t hash)
{
	return &folder->settled[hash / 2 % FOLDER_SETTLED];
}

static bool is_settled(struct folder *folder, const char *key, size_t length)
{
	uint64_t hash = hash_of(key, length);

	return __atomic_load_n(slot_of(folder, hash), __ATOMIC_RELAXED) == hash;
}

static void settle(struct folder *folder, const char *key, size_t length)
{
	uint64_t hash = hash_of(key, length);

	__atomic_store_n(slot_of(folder, hash), hash, __ATOMIC_RELAXED);
}

int folder_make_way(struct folder *folder, const char *key, size_t *ret_settled)
{
	char path[FOLDER_PATH_SIZE];
	bool all_settled = true;
	int rc = 0;

	*ret_settled = 0;
	for (const char *slash = strchr(key, '/'); rc == 0 && slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - key);
		bool made;

		snprintf(path, sizeof(path), "%.*s", (int)length, key);
		rc = folder_make(folder, path, &made);
		all_settled = all_settled && !made && is_settled(folder, key, length);
		if (all_settled)
			*ret_settled = length;
	}
	return rc;
}

static int sync_folder(const struct folder *folder, const char *key, size_t length)
{
	char path[FOLDER_PATH_SIZE];
	int fd, rc;

	if (length == 0)
		return fsync(folder->fd) < 0 ? -errno : 0;
	snprintf(path, sizeof(path), "%.*s", (int)length, key);
	fd = openat(folder->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/* Of the folder above that of this length; 0: the root. */
static size_t above(const char *key, size_t length)
{
	while (length > 0 && key[length - 1] != '/')
		length--;
	return length > 0 ? length - 1 : 0;
}

int folder_sync_parent(const struct folder *folder, const char *key)
{
	return sync_folder(folder, key, above(key, strlen(key)));
}

int folder_sync_way(struct folder *folder, const char *key, size_t settled)
{
	size_t length = above(key, strlen(key));
	int rc = sync_folder(folder, key, length);

	assert(settled <= length);
	while (rc == 0 && length > settled) {
		size_t parent = above(key, length);

		rc = sync_folder(folder, key, parent);
		if (rc == 0)
			settle(folder, key, length);
		length = parent;
	}
	return rc;
}
