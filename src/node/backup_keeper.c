#include "node/backup_keeper.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/log.h"
#include "node/aside.h"
#include "node/backup.h"
#include "node/backup_bucket.h"
#include "node/child.h"
#include "node/member.h"

enum {
	LOOK_MS = 5000,
	BUSY_MS = 500,         /* the next look for the end of a backup or a drill */
	AWAY_MS = 60 * 1000,   /* the next look at a folder that is away */
	FOLDER_MS = 30 * 1000, /* a look at a folder that takes longer has failed */
	RETRY_S = 600,         /* after a failure; a full disk does not get emptier by trying */
	DRILL_S = 7 * 86400,
	DRILL_AGAIN_S = 86400, /* of one that failed, or was not finished */
};

/* Files of the log that PostgreSQL marks as not archived yet. */
static void look_at_log(const struct data_folder *data_folder, struct metrics_backup *ret)
{
	char path[DATA_FOLDER_PATH_MAX];
	const struct dirent *entry;
	struct stat info;
	DIR *dir;

	data_folder_path(data_folder, "postgres/pg_wal/archive_status", path, sizeof(path));
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');

		if (end == NULL || strcmp(end, ".ready") != 0 ||
		    fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		ret->waiting++;
		if (ret->oldest_s == 0 || info.st_mtime < ret->oldest_s)
			ret->oldest_s = info.st_mtime;
	}
	if (dir != NULL)
		closedir(dir);
}

static void look_at_drill(const struct backup_folder *folder, struct metrics_backup *ret)
{
	static char text[16384];
	json_int_t at = 0;
	int good = 1;
	json_t *report;

	backup_folder_read(folder->fd, BACKUP_DRILL_REPORT, text, sizeof(text));
	report = json_loads(text, 0, NULL);
	if (report != NULL && json_unpack(report, "{s:I, s:b}", "at", &at, "good", &good) == 0) {
		ret->drill_s = at;
		ret->drill_failed = good == 0;
	}
	json_decref(report);
}

static int64_t images_interval_s(const struct config *config)
{
	return config->media_store == MEDIA_STORE_FOLDER ? config->backup_images_minutes * 60 : 0;
}

static int look_at_folder(const struct backup_folder *folder, struct metrics_backup *ret,
                          struct backup_info *ret_newest)
{
	struct backup_info *list;
	char copied[24];
	size_t count;
	int rc = backup_folder_list(folder, &list, &count);

	*ret_newest = (struct backup_info){0};
	if (rc < 0)
		return rc;
	if (count > 0)
		*ret_newest = list[count - 1];
	free(list);
	ret->newest_s = ret_newest->began_s;
	ret->bytes = ret_newest->bytes;
	backup_folder_read(folder->fd, BACKUP_COPIED, copied, sizeof(copied));
	ret->images_s = strtoll(copied, NULL, 10);
	look_at_drill(folder, ret);
	return 0;
}

int backup_look(const struct backup_folder *folder, const struct data_folder *data_folder,
                struct metrics_backup *ret, struct backup_info *ret_newest)
{
	struct metrics_backup now = {.kept = true};
	int rc = look_at_folder(folder, &now, ret_newest);

	if (rc < 0)
		return rc;
	look_at_log(data_folder, &now);
	*ret = now;
	return 0;
}

enum work { NOTHING, BACKUP, DRILL, IMAGES };

struct keeper {
	const struct config *config;
	struct data_folder data_folder;
	int64_t began_s, retry_s, drill_retry_s, images_retry_s;
	uint64_t failures, away; /* looks at a folder that is away, one after the other */
	enum work work;          /* what the child does */
	pid_t child;
	pid_t shipper;               /* takes files to the bucket; 0: it is not running */
	struct metrics_backup known; /* when the folder was looked at last */
};

/* Our own program with this word after `backup`. It is watched meanwhile: the log goes on. */
static void start(struct keeper *keeper, enum work work)
{
	static const char *const WORDS[] = {[DRILL] = "drill", [IMAGES] = "images"};
	const char *argv[] = {"sebez", "backup", work == BACKUP ? NULL : WORDS[work], NULL};
	char program[1024] = "";
	struct child_spec spec = {
	    .program = program, .argv = argv, .output_fd = STDERR_FILENO, .death_signal = SIGTERM};

	assert(keeper->work == NOTHING && work != NOTHING);
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0 &&
	    child_spawn(&spec, &keeper->child) == 0)
		keeper->work = work;
	else
		LOG_ERROR("cannot start a backup");
}

static void backup_ended(struct keeper *keeper, bool good)
{
	if (good) {
		keeper->failures = 0;
		LOG_INFO("backup made");
		return;
	}
	keeper->failures++;
	keeper->retry_s = (int64_t)time(NULL) + RETRY_S;
	LOG_ERROR("backup failed", log_str("folder", keeper->config->backup_folder),
	          log_int("failures", (int64_t)keeper->failures));
}

static void look_at_child(struct keeper *keeper)
{
	int status = 0;

	if (keeper->work == NOTHING || waitpid(keeper->child, &status, WNOHANG) == 0)
		return;
	if (keeper->work == BACKUP)
		backup_ended(keeper, status == 0);
	else if (keeper->work == IMAGES && status != 0)
		LOG_ERROR("images and files could not be copied",
		          log_str("folder", keeper->config->backup_folder));
	else if (keeper->work == IMAGES)
		LOG_DEBUG("images and files copied");
	else if (status == 0)
		LOG_INFO("restore drill was good");
	else
		LOG_ERROR("restore drill failed", log_str("folder", keeper->config->backup_folder));
	keeper->work = NOTHING;
}

static void look_at_shipper(struct keeper *keeper)
{
	const char *argv[] = {"sebez", "backup-ship", NULL};
	char program[1024] = "";
	struct child_spec spec = {
	    .program = program, .argv = argv, .output_fd = STDERR_FILENO, .death_signal = SIGTERM};

	if (keeper->config->backup_url[0] == '\0')
		return;
	if (keeper->shipper > 0 && waitpid(keeper->shipper, NULL, WNOHANG) == 0)
		return;
	if (keeper->shipper > 0)
		LOG_ERROR("nothing is taken to the bucket for backups until the next attempt");
	keeper->shipper = 0;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0 ||
	    child_spawn(&spec, &keeper->shipper) < 0)
		keeper->shipper = 0;
}

static void look_at_bucket(const struct keeper *keeper, struct metrics_backup *ret)
{
	struct backup_bucket_note note;

	ret->has_bucket = keeper->config->backup_url[0] != '\0';
	if (!backup_bucket_note_read(keeper->data_folder.data, &note))
		note = (struct backup_bucket_note){0};
	ret->bucket_waiting = (uint64_t)note.waiting;
	ret->bucket_s = note.clean_s > 0 ? note.clean_s : keeper->began_s;
	ret->bucket_log_s = note.log_s > 0 ? note.log_s : keeper->began_s;
}

static void write_note(const struct keeper *keeper, const struct metrics_backup *now)
{
	char text[128];
	int fd = open(keeper->data_folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	path_format(text, sizeof(text), "%" PRId64 " %" PRIu64 " %d\n", now->newest_s,
	            keeper->failures + keeper->away, now->drill_failed ? 1 : 0);
	if (fd >= 0 && backup_folder_write(fd, BACKUP_NOTE, text) < 0)
		LOG_WARNING("the data folder cannot be written");
	if (fd >= 0)
		close(fd);
}

/* What the folder says. */
struct look {
	const struct keeper *keeper;
	struct metrics_backup now;
	struct backup_info newest;
};

static int look_aside(void *arg, int *ret_fd)
{
	struct look *look = arg;
	struct backup_folder folder;
	int rc =
	    backup_folder_open(look->keeper->config, &look->keeper->data_folder, true, &folder);

	(void)ret_fd;
	if (rc == 0) {
		rc = look_at_folder(&folder, &look->now, &look->newest);
		backup_folder_close(&folder);
	}
	return rc;
}

static void note_away(struct keeper *keeper, int rc)
{
	keeper->away++;
	LOG_ERROR("folder for backups is away", log_str("folder", keeper->config->backup_folder),
	          log_str("reason", rc == -ETIMEDOUT ? "it does not answer" : strerror(-rc)));
}

static void start_due(struct keeper *keeper, const struct look *look)
{
	int64_t now_s = (int64_t)time(NULL), newest_s = look->newest.began_s;
	const struct metrics_backup *now = &look->now;

	if (keeper->work != NOTHING || keeper->config->backup_hours == 0)
		return;
	if (now_s >= keeper->retry_s &&
	    (newest_s == 0 || now_s - newest_s >= keeper->config->backup_hours * 3600)) {
		start(keeper, BACKUP);
	} else if (newest_s != 0 && now_s >= keeper->drill_retry_s &&
	           (now->drill_s == keeper->began_s ||
	            now_s - now->drill_s >= (now->drill_failed ? DRILL_AGAIN_S : DRILL_S))) {
		/* The report has the time of a drill that was made; one that could not be is tried
		 * anew. */
		keeper->drill_retry_s = now_s + DRILL_AGAIN_S;
		start(keeper, DRILL);
	} else if (now->images_interval_s > 0 && now_s >= keeper->images_retry_s &&
	           now_s - now->images_s >= now->images_interval_s) {
		keeper->images_retry_s = now_s + RETRY_S;
		start(keeper, IMAGES);
	}
}

/* One look, and what it is time for. Returns when to look again. */
static int keep(struct keeper *keeper)
{
	struct look look = {.keeper = keeper};
	int rc = aside_run(look_aside, &look, sizeof(look), FOLDER_MS, NULL);

	look_at_shipper(keeper);
	if (rc < 0) {
		note_away(keeper, rc);
		look.now = keeper->known;
	} else {
		keeper->away = 0;
		keeper->known = look.now;
	}
	look.now.kept = true;
	look_at_log(&keeper->data_folder, &look.now); /* of this machine */
	look_at_bucket(keeper, &look.now);
	look.now.images_interval_s = images_interval_s(keeper->config);
	write_note(keeper, &look.now);
	look.now.failures = keeper->failures + keeper->away;
	look.now.interval_s = keeper->config->backup_hours * 3600;
	if (look.now.newest_s == 0)
		look.now.newest_s = keeper->began_s;
	if (look.now.drill_s == 0)
		look.now.drill_s = keeper->began_s;
	if (look.now.images_s == 0)
		look.now.images_s = keeper->began_s;
	metrics_set_backup(&look.now);
	if (rc < 0)
		return AWAY_MS;
	start_due(keeper, &look);
	return LOOK_MS;
}

/* Sleeps, but for the end of the child. */
static void sleep_ms(struct keeper *keeper, int64_t wait_ms)
{
	int64_t until_ms = clock_monotonic_ms() + wait_ms;
	enum work work = keeper->work;

	while (work == keeper->work && clock_monotonic_ms() < until_ms) {
		child_sleep_ms(work == NOTHING ? (int)wait_ms : BUSY_MS);
		look_at_child(keeper);
		look_at_shipper(keeper);
	}
}

int backup_keeper_main(const struct config *config)
{
	static struct keeper keeper;

	log_start((enum log_level)config->log_level, "backup");
	keeper = (struct keeper){.config = config, .began_s = (int64_t)time(NULL)};
	if (data_folder_open(config, &keeper.data_folder) < 0 ||
	    metrics_watch(MEMBER_FD_METRICS) < 0)
		return 1;
	assert(config->backup_folder[0] != '\0');
	for (;;) { /* until SIGTERM, which ends a backup in progress, too */
		sleep_ms(&keeper, keep(&keeper));
	}
}
