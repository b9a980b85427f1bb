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
	LATE_S = 900,          /* of the log: some segments, or a folder that is away */
};

#define NOTE "backup.note" /* in the data folder */

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

static int look_at_folder(const struct backup_folder *folder, struct metrics_backup *ret,
                          struct backup_info *ret_newest)
{
	struct backup_info *list;
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

enum work { NOTHING, BACKUP, DRILL };

struct keeper {
	const struct config *config;
	struct data_folder data_folder;
	int64_t began_s, retry_s, drill_retry_s;
	uint64_t failures, away; /* looks at a folder that is away, one after the other */
	enum work work;          /* what the child does */
	pid_t child;
	struct metrics_backup known; /* when the folder was looked at last */
};

/* Our own program with this word after `backup`. It is watched meanwhile: the log goes on. */
static void start(struct keeper *keeper, enum work work)
{
	const char *argv[] = {"sebez", "backup", work == DRILL ? "drill" : NULL, NULL};
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
	else if (status == 0)
		LOG_INFO("restore drill was good");
	else
		LOG_ERROR("restore drill failed", log_str("folder", keeper->config->backup_folder));
	keeper->work = NOTHING;
}

static void write_note(const struct keeper *keeper, const struct metrics_backup *now)
{
	char text[128];
	int fd = open(keeper->data_folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	path_format(text, sizeof(text), "%" PRId64 " %" PRIu64 " %d\n", now->newest_s,
	            keeper->failures + keeper->away, now->drill_failed ? 1 : 0);
	if (fd >= 0 && backup_folder_write(fd, NOTE, text) < 0)
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

	if (keeper->work != NOTHING)
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
	}
}

/* One look, and what it is time for. Returns when to look again. */
static int keep(struct keeper *keeper)
{
	struct look look = {.keeper = keeper};
	int rc = aside_run(look_aside, &look, sizeof(look), FOLDER_MS, NULL);

	if (rc < 0) {
		note_away(keeper, rc);
		look.now = keeper->known;
	} else {
		keeper->away = 0;
		keeper->known = look.now;
	}
	look.now.kept = true;
	look_at_log(&keeper->data_folder, &look.now); /* of this machine */
	write_note(keeper, &look.now);
	look.now.failures = keeper->failures + keeper->away;
	look.now.interval_s = keeper->config->backup_hours * 3600;
	if (look.now.newest_s == 0)
		look.now.newest_s = keeper->began_s;
	if (look.now.drill_s == 0)
		look.now.drill_s = keeper->began_s;
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
	assert(config->backup_folder[0] != '\0' && config->backup_hours > 0);
	for (;;) { /* until SIGTERM, which ends a backup in progress, too */
		sleep_ms(&keeper, keep(&keeper));
	}
}

void backup_note_read(const char *data, char *ret, size_t size)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC), drill_failed = 0;
	char text[128] = "", age[24];
	int64_t newest_s = 0;
	uint64_t failures = 0;

	ret[0] = '\0';
	if (fd < 0)
		return;
	backup_folder_read(fd, NOTE, text, sizeof(text));
	close(fd);
	if (sscanf(text, "%" SCNd64 " %" SCNu64 " %d", &newest_s, &failures, &drill_failed) != 3)
		return;
	backup_age_text((int64_t)time(NULL) - newest_s, age, sizeof(age));
	snprintf(ret, size, "%s%s%s%s", newest_s == 0 ? "none yet" : age,
	         newest_s == 0 ? "" : " old", failures > 0 ? ", the last attempt FAILED" : "",
	         drill_failed != 0 ? ", it could NOT be restored in the last drill" : "");
}

static bool print_state(const struct config *config, const struct backup_folder *folder,
                        const struct metrics_backup *now, const struct backup_info *newest)
{
	int64_t now_s = (int64_t)time(NULL);
	int64_t late_s = config->backup_hours > 0 ? config->backup_hours * 7200 : INT64_MAX;
	bool log_late = now->oldest_s != 0 && now_s - now->oldest_s > LATE_S;
	char age[24], bytes[24];

	printf("folder   %s%s\n", folder->path, folder->key.given ? ", encrypted" : "");
	backup_age_text(now_s - newest->began_s, age, sizeof(age));
	backup_bytes_text(newest->bytes, bytes, sizeof(bytes));
	if (newest->began_s == 0)
		printf("newest   none\n");
	else
		printf("newest   %s, %s, %" PRId64 " images and files, %s old%s\n", newest->label,
		       bytes, newest->objects, age,
		       now_s - newest->began_s > late_s ? ": LATE" : "");
	backup_age_text(now_s - now->oldest_s, age, sizeof(age));
	if (!folder->archives)
		printf("log      is not archived: SEBEZ_BACKUP_FOLDER is not set\n");
	else if (now->waiting == 0)
		printf("log      is archived\n");
	else
		printf("log      %" PRIu64 " files wait, for %s%s\n", now->waiting, age,
		       log_late ? ": LATE" : "");
	backup_age_text(now_s - now->drill_s, age, sizeof(age));
	if (now->drill_s == 0)
		printf("drill    none yet\n");
	else
		printf("drill    %s ago: %s\n", age, now->drill_failed ? "FAILED" : "good");
	return newest->began_s != 0 && now_s - newest->began_s <= late_s && !log_late &&
	       !now->drill_failed;
}

int backup_status_main(const struct config *config)
{
	struct data_folder data_folder;
	struct metrics_backup now;
	struct backup_folder folder;
	struct backup_info newest;
	bool good = false;

	if (data_folder_open(config, &data_folder) < 0)
		return 1;
	if (backup_folder_open(config, &data_folder, false, &folder) < 0) {
		printf("newest   none\n");
		return 1;
	}
	if (backup_look(&folder, &data_folder, &now, &newest) == 0)
		good = print_state(config, &folder, &now, &newest);
	backup_folder_close(&folder);
	return good ? 0 : 1;
}
