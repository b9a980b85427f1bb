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
#include <time.h>
#include <unistd.h>

#include "net/log.h"
#include "node/backup.h"
#include "node/child.h"
#include "node/member.h"

enum {
	LOOK_MS = 5000,
	AWAY_MS = 60 * 1000, /* the next look at a folder that is away */
	RETRY_S = 600,       /* after a failure; a full disk does not get emptier by trying */
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

int backup_look(const struct backup_folder *folder, const struct data_folder *data_folder,
                struct metrics_backup *ret, struct backup_info *ret_newest)
{
	struct metrics_backup now = {.kept = true};
	struct backup_info *list;
	size_t count;
	int rc = backup_folder_list(folder, &list, &count);

	*ret_newest = (struct backup_info){0};
	if (rc < 0)
		return rc;
	if (count > 0)
		*ret_newest = list[count - 1];
	free(list);
	now.newest_s = ret_newest->began_s;
	now.bytes = ret_newest->bytes;
	look_at_log(data_folder, &now);
	look_at_drill(folder, &now);
	*ret = now;
	return 0;
}

struct keeper {
	const struct config *config;
	struct data_folder data_folder;
	int64_t began_s, retry_s, drill_retry_s;
	uint64_t failures;
};

/* Runs our own program with these words. */
static bool run(const char *word)
{
	const char *argv[] = {"sebez", "backup", word, NULL};
	char program[1024] = "";
	struct child_spec spec = {
	    .program = program, .argv = argv, .output_fd = STDERR_FILENO, .death_signal = SIGTERM};
	int rc = -EIO;

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0)
		rc = child_run(&spec);
	return rc == 0;
}

static void make_backup(struct keeper *keeper, int64_t now_s)
{
	if (run(NULL)) {
		keeper->failures = 0;
		LOG_INFO("backup made");
		return;
	}
	keeper->failures++;
	keeper->retry_s = now_s + RETRY_S;
	LOG_ERROR("backup failed", log_str("folder", keeper->config->backup_folder),
	          log_int("failures", (int64_t)keeper->failures));
}

static void try_restore(struct keeper *keeper, int64_t now_s)
{
	/* The report has the time of a drill that was made; one that could not be is tried anew. */
	keeper->drill_retry_s = now_s + DRILL_AGAIN_S;
	if (run("drill"))
		LOG_INFO("restore drill was good");
	else
		LOG_ERROR("restore drill failed", log_str("folder", keeper->config->backup_folder));
}

static void write_note(const struct keeper *keeper, const struct metrics_backup *now)
{
	char text[128];
	int fd = open(keeper->data_folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	path_format(text, sizeof(text), "%" PRId64 " %" PRIu64 " %d\n", now->newest_s,
	            keeper->failures, now->drill_failed ? 1 : 0);
	if (fd >= 0 && backup_folder_write(fd, NOTE, text) < 0)
		LOG_WARNING("the data folder cannot be written");
	if (fd >= 0)
		close(fd);
}

/* One look, and what it is time for. Returns when to look again. */
static int keep(struct keeper *keeper)
{
	int64_t now_s = (int64_t)time(NULL);
	struct metrics_backup now = {.kept = true};
	struct backup_folder folder;
	struct backup_info newest = {0};
	int rc = backup_folder_open(keeper->config, &keeper->data_folder, true, &folder);

	if (rc == 0) {
		rc = backup_look(&folder, &keeper->data_folder, &now, &newest);
		backup_folder_close(&folder);
	}
	if (rc < 0) {
		look_at_log(&keeper->data_folder, &now);
		keeper->failures++;
		LOG_ERROR("folder for backups is away",
		          log_str("folder", keeper->config->backup_folder),
		          log_str("reason", strerror(-rc)));
	}
	write_note(keeper, &now);
	now.failures = keeper->failures;
	now.interval_s = keeper->config->backup_hours * 3600;
	if (now.newest_s == 0)
		now.newest_s = keeper->began_s;
	if (now.drill_s == 0)
		now.drill_s = keeper->began_s;
	metrics_set_backup(&now);
	if (rc < 0)
		return AWAY_MS;
	if (now_s >= keeper->retry_s &&
	    (newest.began_s == 0 || now_s - newest.began_s >= keeper->config->backup_hours * 3600))
		make_backup(keeper, now_s);
	else if (newest.began_s != 0 && now_s >= keeper->drill_retry_s &&
	         (now.drill_s == keeper->began_s ||
	          now_s - now.drill_s >= (now.drill_failed ? DRILL_AGAIN_S : DRILL_S)))
		try_restore(keeper, now_s);
	return LOOK_MS;
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
		child_sleep_ms(keep(&keeper));
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
