/* What is known of the backups of a server, for people. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/backup.h"
#include "node/backup_bucket.h"
#include "node/backup_keeper.h"

enum { LATE_S = 900 /* of the log: some segments, or a folder that is away */ };

void backup_note_read(const char *data, char *ret, size_t size)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC), drill_failed = 0;
	char text[128] = "", age[24];
	int64_t newest_s = 0;
	uint64_t failures = 0;

	ret[0] = '\0';
	if (fd < 0)
		return;
	backup_folder_read(fd, BACKUP_NOTE, text, sizeof(text));
	close(fd);
	if (sscanf(text, "%" SCNd64 " %" SCNu64 " %d", &newest_s, &failures, &drill_failed) != 3)
		return;
	backup_age_text((int64_t)time(NULL) - newest_s, age, sizeof(age));
	snprintf(ret, size, "%s%s%s%s", newest_s == 0 ? "none yet" : age,
	         newest_s == 0 ? "" : " old", failures > 0 ? ", the last attempt FAILED" : "",
	         drill_failed != 0 ? ", it could NOT be restored in the last drill" : "");
}

/* Whether the log there is not late. */
static bool print_bucket(const struct config *config, const char *data, int64_t now_s)
{
	struct backup_bucket_note note;
	char age[24];
	bool late;

	if (config->backup_url[0] == '\0')
		return true;
	if (!backup_bucket_note_read(data, &note)) {
		printf("bucket   nothing was taken to %s yet\n", config->backup_url);
		return false;
	}
	late = now_s - note.log_s > LATE_S;
	backup_age_text(now_s - note.log_s, age, sizeof(age));
	printf("bucket   %s: %" PRId64 " files wait, the log is complete up to %s ago%s\n",
	       config->backup_url, note.waiting, age, late ? ": LATE" : "");
	return !late;
}

static bool print_state(const struct config *config, const char *data,
                        const struct backup_folder *folder, const struct metrics_backup *now,
                        const struct backup_info *newest)
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
	if (config->media_store == MEDIA_STORE_FOLDER && now->images_s > 0) {
		backup_age_text(now_s - now->images_s, age, sizeof(age));
		printf("images   copied %s ago\n", age);
	}
	backup_age_text(now_s - now->drill_s, age, sizeof(age));
	if (now->drill_s == 0)
		printf("drill    none yet\n");
	else
		printf("drill    %s ago: %s\n", age, now->drill_failed ? "FAILED" : "good");
	return print_bucket(config, data, now_s) && newest->began_s != 0 &&
	       now_s - newest->began_s <= late_s && !log_late && !now->drill_failed;
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
		good = print_state(config, data_folder.data, &folder, &now, &newest);
	backup_folder_close(&folder);
	return good ? 0 : 1;
}
