#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/backup_bucket.h"
#include "node/child.h"
#include "node/say.h"

enum {
	FILE_MS = 24 * 60 * 60 * 1000, /* one file; each call of it has a deadline of its own */
	DELETE_MS = 60 * 1000,
	LOG_PAUSE_MS = 2000,
	PAUSE_MS = 10 * 1000,
	AGAIN_MS = 10 * 1000, /* after a failure */
	ONCE_MS = 200,
	WAIT_MS = 500,
	SECOND_US = 1000000,
	LIST_AGAIN_MS = 60 * 60 * 1000, /* what somebody else did there */
	FAILURES_MAX = 3,               /* of files one after the other: it is the bucket */
	MANY = 10,                      /* files are not gone all at once */
};

#define NOTE "backup-bucket.note"

struct lane {
	struct ship *ship;
	enum backup_part part;
	struct backup_tree remote, added; /* added: by this pass */
	bool is_listed;
	int64_t list_ms;  /* when it is listed again */
	int64_t waiting;  /* as found by the last pass */
	bool failed;      /* the last pass */
	int refused;      /* files that the bucket did not take, one after the other */
	bool has_deleted; /* what the folder has no more */
	int64_t clean_us; /* what was there then is in the bucket */
};

struct ship {
	struct backup_link link;
	const struct data_folder *data_folder;
	int folder;
	struct lane lanes[BACKUP_PART_COUNT];
	char owner[BACKUP_OWNER_MAX];
	struct backup_tree left; /* keys that are not deleted */
	bool is_owner;           /* of the bucket, so that the lanes may begin */
	bool once;
	int64_t began_us;
	int rc; /* of once */
};

static void write_note(const struct ship *ship)
{
	struct backup_bucket_note note = {.clean_s = INT64_MAX};
	int fd = open(ship->data_folder->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[128];

	for (int i = 0; i < BACKUP_PART_COUNT; i++) {
		const struct lane *lane = &ship->lanes[i];

		note.waiting += lane->waiting;
		if (lane->clean_us / SECOND_US < note.clean_s)
			note.clean_s = lane->clean_us / SECOND_US;
	}
	path_format(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 "\n", note.waiting,
	            note.clean_s, ship->lanes[BACKUP_PART_LOG].clean_us / SECOND_US);
	if (fd >= 0 && backup_folder_write(fd, NOTE, text) < 0)
		LOG_WARNING("the data folder cannot be written");
	if (fd >= 0)
		close(fd);
}

bool backup_bucket_note_read(const char *data, struct backup_bucket_note *ret)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[128] = "";

	*ret = (struct backup_bucket_note){0};
	if (fd < 0)
		return false;
	backup_folder_read(fd, NOTE, text, sizeof(text));
	close(fd);
	return sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &ret->waiting, &ret->clean_s,
	              &ret->log_s) == 3;
}

static long read_file(void *arg, char *bytes, size_t size)
{
	const int *fd = arg;
	ssize_t count = read(*fd, bytes, size);

	return count < 0 ? -errno : count;
}

static int upload(struct lane *lane, const struct backup_tree_file *file)
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

static bool differs(const struct lane *lane, const struct backup_tree_file *file)
{
	const struct backup_tree_file *there = backup_tree_find(&lane->remote, file->key);

	if (there == NULL || there->bytes != file->bytes)
		return true;
	return there->time_s == BACKUP_TIME_UNKNOWN ? backup_tree_changes(file->key)
	                                            : there->time_s != file->time_s;
}

/* What a backup needs of the log and of images is there before it counts. */
static bool may_follow(const struct lane *lane, const struct backup_tree_file *file)
{
	const struct lane *lanes = lane->ship->lanes;

	return lane->part != BACKUP_PART_REST ||
	       (lanes[BACKUP_PART_LOG].clean_us / SECOND_US > file->time_s &&
	        lanes[BACKUP_PART_OBJECTS].clean_us / SECOND_US > file->time_s);
}

static void note_waiting(struct lane *lane, const struct backup_tree *local, bool *waits)
{
	lane->waiting = 0;
	for (size_t i = 0; i < local->count; i++) {
		waits[i] = differs(lane, &local->files[i]);
		lane->waiting += waits[i] ? 1 : 0;
	}
}

/* Why a file is not there; whatever else waits goes on. */
static void tell_file(const struct lane *lane, const char *key, int rc)
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

static void take_added(struct lane *lane)
{
	for (size_t i = 0; i < lane->added.count; i++)
		backup_tree_add(&lane->remote, lane->added.files[i].key, lane->added.files[i].bytes,
		                lane->added.files[i].time_s);
	backup_tree_free(&lane->added);
	backup_tree_sort(&lane->remote);
}

/* Returns the first failure. What a restore looks at comes when all that it needs is there. */
static int upload_all(struct lane *lane, const struct backup_tree *local)
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

static bool goes(const struct lane *lane, const struct backup_tree *local, const char *key)
{
	return backup_tree_find(local, key) == NULL &&
	       backup_tree_find(&lane->ship->left, key) == NULL;
}

/* What the folder has no more, first what a restore looks at first. */
static int delete_gone(struct lane *lane, const struct backup_tree *local)
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
static int list(struct lane *lane)
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
static bool is_lost(const struct lane *lane, const struct backup_tree *local)
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

/* The bucket is this folder's, and what of it nobody deletes. */
static int own(struct ship *ship)
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
static bool may_delete(const struct lane *lane)
{
	const struct lane *lanes = lane->ship->lanes;

	if (lane->part != BACKUP_PART_LOG)
		return true;
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		if (i != BACKUP_PART_LOG &&
		    (lanes[i].failed || lanes[i].waiting > 0 || lanes[i].clean_us == 0))
			return false;
	return true;
}

static int pass(struct lane *lane)
{
	struct backup_tree local = {0};
	int rc = lane->failed ? own(lane->ship) : 0; /* it may have been taken over */

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

static bool is_done(const struct ship *ship)
{
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		if (ship->lanes[i].clean_us < ship->began_us || !ship->lanes[i].has_deleted)
			return false;
	return true;
}

static void tell(const struct ship *ship, int rc)
{
	const char *url = ship->link.config->backup_url;

	if (rc == -EEXIST)
		LOG_ERROR("the bucket for backups has those of another folder",
		          log_str("bucket", url));
	else if (rc == -ENODATA)
		LOG_ERROR("the folder for backups lacks what the bucket has: nothing is deleted",
		          log_str("bucket", url));
	else
		LOG_ERROR("the bucket for backups is away", log_str("bucket", url),
		          log_str("reason", backup_link_reason(rc)));
}

static void run_lane(void *arg)
{
	struct lane *lane = arg;
	struct ship *ship = lane->ship;

	while (!ship->is_owner)
		co_sleep_ms(ONCE_MS);
	for (;;) {
		int64_t began_us = clock_now_us();
		int rc = pass(lane);

		if (rc == 0 && lane->waiting == 0)
			lane->clean_us = began_us;
		write_note(ship);
		if (ship->once && (rc < 0 || is_done(ship))) {
			ship->rc = rc;
			loop_stop();
			return;
		}
		if (rc < 0)
			tell(ship, rc);
		if (ship->once)
			co_sleep_ms(ONCE_MS);
		else if (rc < 0)
			co_sleep_ms(AGAIN_MS);
		else
			co_sleep_ms(lane->part == BACKUP_PART_LOG || lane->waiting > 0
			                ? LOG_PAUSE_MS
			                : PAUSE_MS);
	}
}

/* Once the bucket is known to be this folder's, the lanes begin. */
static void begin(void *arg)
{
	struct ship *ship = arg;
	int rc;

	co_sleep_ms(1); /* the loop's clock stands still while it does not run */
	while ((rc = own(ship)) < 0 && !ship->once) {
		tell(ship, rc);
		write_note(ship);
		co_sleep_ms(AGAIN_MS);
	}
	ship->is_owner = rc == 0;
	ship->rc = rc;
	if (rc == 0)
		run_lane(&ship->lanes[0]);
	else
		loop_stop();
}

static int run(struct ship *ship)
{
	int rc = 0;

	ship->began_us = clock_now_us();
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		ship->lanes[i] = (struct lane){.ship = ship, .part = (enum backup_part)i};
	for (int i = 1; i < BACKUP_PART_COUNT && rc == 0; i++)
		rc = co_start(run_lane, &ship->lanes[i]);
	if (rc == 0)
		rc = backup_link_run(begin, ship);
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		backup_tree_free(&ship->lanes[i].remote);
	backup_tree_free(&ship->left);
	return rc < 0 ? rc : ship->rc;
}

/* Held by the process that takes files to the bucket. */
static int take_lock(const struct backup_folder *folder)
{
	int fd = openat(folder->fd, "bucket.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -EBUSY;
}

int backup_bucket_ship(const struct config *config, const struct data_folder *data_folder,
                       const struct backup_folder *folder)
{
	static struct ship ship;
	int lock = take_lock(folder), rc;

	if (lock == -EBUSY) {
		say("the server takes it to %s", config->backup_url);
		return 0;
	}
	if (lock < 0)
		return lock;
	ship = (struct ship){.data_folder = data_folder, .folder = folder->fd, .once = true};
	rc = backup_link_open(config, &ship.link);
	if (rc == 0) {
		rc = run(&ship);
		if (rc == -EEXIST)
			say("%s has backups that %s does not know: use another prefix, or an empty "
			    "folder, into which `sebez restore` gets them, and then `sebez backup "
			    "take-over`",
			    config->backup_url, folder->path);
		else if (rc == -ENODATA)
			say("%s lacks what %s has: nothing was deleted there", folder->path,
			    config->backup_url);
		else if (rc < 0)
			say("the backup is in %s, and not in %s: %s", folder->path,
			    config->backup_url, backup_link_reason(rc));
		backup_link_close(&ship.link);
	}
	close(lock);
	return rc;
}

int backup_ship_main(const struct config *config)
{
	static struct data_folder data_folder;
	static struct backup_folder folder;
	static struct ship ship;
	int lock;

	log_start((enum log_level)config->log_level, "backup-ship");
	if (data_folder_open(config, &data_folder) < 0 ||
	    backup_folder_open(config, &data_folder, true, &folder) < 0)
		return 1;
	while ((lock = take_lock(&folder)) == -EBUSY) /* a command does it once */
		child_sleep_ms(WAIT_MS);
	ship = (struct ship){.data_folder = &data_folder, .folder = folder.fd};
	if (lock < 0 || backup_link_open(config, &ship.link) < 0)
		return 1;
	return run(&ship) == 0 ? 0 : 1;
}
