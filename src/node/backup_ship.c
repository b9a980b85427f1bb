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
#include "node/backup_lane.h"
#include "node/child.h"
#include "node/say.h"

enum {
	LOG_PAUSE_MS = 2000,
	PAUSE_MS = 10 * 1000,
	AGAIN_MS = 10 * 1000, /* after a failure */
	ONCE_MS = 200,
	WAIT_MS = 500,
	SECOND_US = 1000000,
};

#define NOTE "backup-bucket.note"

static void write_note(const struct backup_ship *ship)
{
	struct backup_bucket_note note = {.clean_s = INT64_MAX};
	int fd = open(ship->data_folder->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[128];

	for (int i = 0; i < BACKUP_PART_COUNT; i++) {
		const struct backup_lane *lane = &ship->lanes[i];

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

static bool is_done(const struct backup_ship *ship)
{
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		if (ship->lanes[i].clean_us < ship->began_us || !ship->lanes[i].has_deleted)
			return false;
	return true;
}

static void tell(const struct backup_ship *ship, int rc)
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
	struct backup_lane *lane = arg;
	struct backup_ship *ship = lane->ship;

	while (!ship->is_owner)
		co_sleep_ms(ONCE_MS);
	for (;;) {
		int64_t began_us = clock_now_us();
		int rc = backup_lane_pass(lane);

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
	struct backup_ship *ship = arg;
	int rc;

	co_sleep_ms(1); /* the loop's clock stands still while it does not run */
	while ((rc = backup_ship_own(ship)) < 0 && !ship->once) {
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

static int run(struct backup_ship *ship)
{
	int rc = 0;

	ship->began_us = clock_now_us();
	for (int i = 0; i < BACKUP_PART_COUNT; i++)
		ship->lanes[i] = (struct backup_lane){.ship = ship, .part = (enum backup_part)i};
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
	static struct backup_ship ship;
	int lock = take_lock(folder), rc;

	if (lock == -EBUSY) {
		say("the server takes it to %s", config->backup_url);
		return 0;
	}
	if (lock < 0)
		return lock;
	ship = (struct backup_ship){.data_folder = data_folder, .folder = folder->fd, .once = true};
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
	static struct backup_ship ship;
	int lock;

	log_start((enum log_level)config->log_level, "backup-ship");
	if (data_folder_open(config, &data_folder) < 0 ||
	    backup_folder_open(config, &data_folder, true, &folder) < 0)
		return 1;
	while ((lock = take_lock(&folder)) == -EBUSY) /* a command does it once */
		child_sleep_ms(WAIT_MS);
	ship = (struct backup_ship){.data_folder = &data_folder, .folder = folder.fd};
	if (lock < 0 || backup_link_open(config, &ship.link) < 0)
		return 1;
	return run(&ship) == 0 ? 0 : 1;
}
