#include "node/backup_lane.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/log.h"
#include "net/loop.h"
#include "node/say.h"

enum {
	FILE_MS = 24 * 60 * 60 * 1000, /* one file; each call of it has a deadline of its own */
	DELETE_MS = 60 * 1000,
	SECOND_US = 1000000,
	LIST_AGAIN_MS = 60 * 60 * 1000, /* what somebody else did there */
	FAILURES_MAX = 3,               /* of files one after the other: it is the bucket */
	MANY = 10,                      /* files are not gone all at once */
};

static long read_file(void *arg, char *bytes, size_t size)
{
	const int *fd = arg;
	ssize_t count = read(*fd, bytes, size);

	return count < 0 ? -errno : count;
}

static int upload(struct backup_lane *lane, const struct backup_tree_file *file)
{
	char path[BUCKET_KEY_MAX + 1], key[BUCKET_KEY_MAX + 1];
	struct backup_tree_file *there = backup_tree_find(&lane->remote, file->key);
	struct backup_link *link = &lane->ship->link;
	int64_t time_s;
	int fd, rc;

	backup_tree_path(file->key, path, sizeof(path), &time_s);
	backup_link_key(link, file->key, key);
	fd = openat(lane->ship->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) /* expired meanwhile: the next pass knows */
		return errno == ENOENT ? 0 : -errno;
	if (file->bytes > BUCKET_FILE_MAX) {
		close(fd);
		return -EFBIG;
	}
	rc = bucket_put(link->bucket, key, read_file, &fd, loop_now_ms() + FILE_MS);
	close(fd);
	lane->refused = rc < 0 ? lane->refused + 1 : 0;
	if (rc < 0)
		return rc;
	if (there == NULL) {
		backup_tree_add(&lane->added, file->key, file->bytes, file->time_s);
	} else {
		there->bytes = file->bytes;
		there->time_s = file->time_s;
	}
	return 0;
}

static bool differs(const struct backup_lane *lane, const struct backup_tree_file *file)
{
	const struct backup_tree_file *there = backup_tree_find(&lane->remote, file->key);

	if (there == NULL || there->bytes != file->bytes)
		return true;
	return there->time_s == BACKUP_TIME_UNKNOWN ? backup_tree_changes(file->key)
	                                            : there->time_s != file->time_s;
}

/* What a backup needs of the log and of images is there before it counts. */
static bool may_follow(const struct backup_lane *lane, const struct backup_tree_file *file)
{
	const struct backup_lane *lanes = lane->ship->lanes;

	return lane->part != BACKUP_PART_REST ||
	       (lanes[BACKUP_PART_LOG].clean_us / SECOND_US > file->time_s &&
	        lanes[BACKUP_PART_OBJECTS].clean_us / SECOND_US > file->time_s);
}

static void note_waiting(struct backup_lane *lane, const struct backup_tree *local, bool *waits)
{
	lane->waiting = 0;
	for (size_t i = 0; i < local->count; i++) {
		waits[i] = differs(lane, &local->files[i]);
		lane->waiting += waits[i] ? 1 : 0;
	}
}

/* Why a file is not there; whatever else waits goes on. */
static void tell_file(const struct backup_lane *lane, const char *key, int rc)
{
	const char *why = rc == -EFBIG
	                      ? "it is larger than the 160 GB that S3 takes in parts of 16 MB"
	                  : lane->refused > 0 ? backup_link_reason(rc)
	                                      : strerror(-rc);

	if (lane->ship->once)
		say("%s cannot be taken to the bucket: %s", key, why);
	else
		LOG_ERROR("a file cannot be taken to the bucket for backups", log_str("file", key),
		          log_str("reason", why));
}

/* Whether something that is below its folder is not there yet. */
static bool lacks(const struct backup_tree *local, const bool *waits, const char *final)
{
	const char *slash = strrchr(final, '/');
	size_t length = slash != NULL ? (size_t)(slash - final) + 1 : 0;

	for (size_t i = 0; i < local->count && length > 0; i++)
		if (waits[i] && strncmp(local->files[i].key, final, length) == 0 &&
		    !backup_tree_is_final(local->files[i].key))
			return true;
	return false;
}

static void take_added(struct backup_lane *lane)
{
	for (size_t i = 0; i < lane->added.count; i++)
		backup_tree_add(&lane->remote, lane->added.files[i].key, lane->added.files[i].bytes,
		                lane->added.files[i].time_s);
	backup_tree_free(&lane->added);
	backup_tree_sort(&lane->remote);
}

/* Returns the first failure. What a restore looks at comes when all that it needs is there. */
static int upload_all(struct backup_lane *lane, const struct backup_tree *local)
{
	bool *waits = calloc(local->count + 1, sizeof(waits[0]));
	int rc = 0;

	assert(waits != NULL);
	note_waiting(lane, local, waits);
	if (lane->waiting > 0)
		rc = backup_owner_check(&lane->ship->link, lane->ship->owner);
	lane->refused = rc < 0 ? FAILURES_MAX : 0;
	for (int final = 0; final <= 1; final++)
		for (size_t i = 0; i < local->count && lane->refused < FAILURES_MAX; i++) {
			const struct backup_tree_file *file = &local->files[i];
			int one;

			if (!waits[i] || backup_tree_is_final(file->key) != (final == 1) ||
			    (final == 1 &&
			     (!may_follow(lane, file) || lacks(local, waits, file->key))))
				continue;
			one = upload(lane, file);
			if (one == 0) {
				waits[i] = false;
				lane->waiting--;
			} else {
				tell_file(lane, file->key, one);
			}
			rc = rc < 0 ? rc : one;
		}
	free(waits);
	take_added(lane);
	return rc;
}

static bool goes(const struct backup_lane *lane, const struct backup_tree *local, const char *key)
{
	return backup_tree_find(local, key) == NULL &&
	       backup_tree_find(&lane->ship->left, key) == NULL;
}

/* What the folder has no more, first what a restore looks at first. */
static int delete_gone(struct backup_lane *lane, const struct backup_tree *local)
{
	struct backup_tree left = {0};
	struct backup_tree *remote = &lane->remote;
	char key[BUCKET_KEY_MAX + 1];
	bool checked = false;
	int rc = 0;

	for (int final = 1; final >= 0; final--)
		for (size_t i = 0; i < remote->count; i++) {
			const struct backup_tree_file *file = &remote->files[i];
			bool gone = rc == 0 && goes(lane, local, file->key);

			if (backup_tree_is_final(file->key) != (final == 1))
				continue;
			if (gone && !checked)
				rc = backup_owner_check(&lane->ship->link, lane->ship->owner);
			checked = checked || gone;
			backup_link_key(&lane->ship->link, file->key, key);
			if (gone && rc == 0)
				rc = bucket_delete(lane->ship->link.bucket, key,
				                   loop_now_ms() + DELETE_MS);
			if (!gone || rc < 0)
				backup_tree_add(&left, file->key, file->bytes, file->time_s);
		}
	backup_tree_free(remote);
	backup_tree_sort(&left);
	*remote = left;
	return rc;
}

/* Of a file that is as it was, the time is known. */
static int list(struct backup_lane *lane)
{
	struct backup_tree fresh;
	int rc;

	if (lane->is_listed && loop_now_ms() < lane->list_ms)
		return 0;
	rc = backup_link_list(&lane->ship->link, lane->part, &fresh);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < fresh.count; i++) {
		const struct backup_tree_file *before =
		    backup_tree_find(&lane->remote, fresh.files[i].key);

		if (before != NULL && before->bytes == fresh.files[i].bytes)
			fresh.files[i].time_s = before->time_s;
	}
	backup_tree_free(&lane->remote);
	lane->remote = fresh;
	lane->is_listed = true;
	lane->list_ms = loop_now_ms() + LIST_AGAIN_MS;
	return 0;
}

static size_t count_below(const struct backup_tree *tree, const char *below)
{
	size_t count = 0;

	for (size_t i = 0; i < tree->count; i++)
		if (strncmp(tree->files[i].key, below, strlen(below)) == 0)
			count++;
	return count;
}

/* A folder that was moved away, or is not mounted, has expired nothing; the last backup never is.
 */
static bool is_lost(const struct backup_lane *lane, const struct backup_tree *local)
{
	static const char *const ROOTS[BACKUP_PART_COUNT][2] = {
	    [BACKUP_PART_LOG] = {"wal/", "pgbackrest/archive/"},
	    [BACKUP_PART_OBJECTS] = {"objects/"},
	    [BACKUP_PART_REST] = {"base/"},
	};
	const struct backup_tree *remote = &lane->remote;
	size_t many = lane->part == BACKUP_PART_REST ? 1 : MANY;
	bool lost = remote->count > 0 && local->absent;

	for (int i = 0; i < 2 && ROOTS[lane->part][i] != NULL; i++)
		lost = lost || (count_below(remote, ROOTS[lane->part][i]) >= many &&
		                count_below(local, ROOTS[lane->part][i]) == 0);
	return lost;
}

int backup_ship_own(struct backup_ship *ship)
{
	struct backup_tree left;
	int rc = backup_owner_claim(&ship->link, ship->folder, ship->owner);

	if (rc == 0)
		rc = backup_left_read(ship->folder, &left);
	if (rc == 0) {
		backup_tree_free(&ship->left);
		ship->left = left;
	}
	return rc;
}

/* The log is needed by what is there until the newer backup is, too. */
static bool may_delete(const struct backup_lane *lane)
{
	const struct backup_lane *lanes = lane->ship->lanes;

	if (lane->part != BACKUP_PART_LOG)
		return true;
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		if (i != BACKUP_PART_LOG &&
		    (lanes[i].failed || lanes[i].waiting > 0 || lanes[i].clean_us == 0))
			return false;
	return true;
}

int backup_lane_pass(struct backup_lane *lane)
{
	struct backup_tree local = {0};
	int rc = lane->failed ? backup_ship_own(lane->ship) : 0; /* it may have been taken over */

	lane->has_deleted = false;
	if (rc == 0)
		rc = list(lane);
	if (rc == 0)
		rc = backup_tree_read(lane->ship->folder, lane->part, &local);
	if (rc == 0 && is_lost(lane, &local))
		rc = -ENODATA;
	if (rc == 0)
		rc = upload_all(lane, &local);
	if (rc == 0 && lane->waiting == 0 && may_delete(lane)) {
		rc = delete_gone(lane, &local);
		lane->has_deleted = rc == 0;
	}
	backup_tree_free(&local);
	lane->failed = rc < 0;
	if (rc == -EEXIST) /* whoever has it now changes it */
		lane->is_listed = false;
	return rc;
}
