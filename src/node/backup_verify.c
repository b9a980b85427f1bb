#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/backup.h"
#include "node/backup_rest.h"
#include "node/say.h"

struct verify {
	struct backup_folder *folder;
	struct backup_log log;
	int bad;
	int64_t segments;
};

static void report(struct verify *verify, const char *name, int rc)
{
	if (rc == 0)
		return;
	printf("%-8s %s: %s\n", rc == -ENOENT ? "missing" : "damaged", name,
	       rc == -EBADMSG ? "damaged, or of another key" : strerror(-rc));
	verify->bad++;
}

static void verify_backup(struct verify *verify, const struct backup_info *info)
{
	int dir = openat(verify->folder->base_fd, info->label,
	                 O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int before = verify->bad;

	report(verify, info->label,
	       dir < 0 ? -errno : backup_file_get(dir, "base.tar", &verify->folder->key, -1));
	if (dir >= 0)
		close(dir);
	if (verify->bad == before)
		printf("good     %s\n", info->label);
}

static void report_missing(struct verify *verify, const char *segment)
{
	report(verify, segment, -ENOENT);
	backup_log_add(&verify->log, segment); /* once */
}

/* What it needs at least. */
static void find_missing_of(struct verify *verify, const struct backup_info *info)
{
	wal_name name;

	path_format(name, sizeof(name), "%s", info->wal_first);
	for (; strcmp(name, info->wal_last) <= 0; backup_log_next(name, name))
		if (!backup_log_has(&verify->log, name))
			report_missing(verify, name);
}

/* From the oldest position that a backup needs, each timeline is whole. */
static void find_gaps(struct verify *verify, const char *oldest)
{
	for (size_t i = 1; i < verify->log.count; i++) {
		const char *before = verify->log.segments[i - 1], *name = verify->log.segments[i];
		wal_name next;

		backup_log_next(before, next);
		if (strncmp(before, name, WAL_TIMELINE) != 0 ||
		    strcmp(before + WAL_TIMELINE, oldest + WAL_TIMELINE) < 0 ||
		    strcmp(name, next) == 0)
			continue;
		report_missing(verify, next);
		i = 0; /* it is in the list now */
	}
}

/* The newest branch reaches back to its oldest backup. */
static int find_gap_of_branch(struct verify *verify, const struct data_folder *data_folder,
                              const struct backup_info *list, size_t count)
{
	static struct backup_branch branch;
	unsigned timeline = backup_branch_at(&verify->log, list, count, INT64_MAX);
	int rc = backup_branch_read(verify->folder, data_folder, &verify->log, timeline, &branch);
	wal_name missing = "";

	if (rc < 0) {
		verify->bad++;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (backup_branch_has(&branch, &list[i])) {
			do {
				backup_branch_gap(&branch, &verify->log, &list[i], missing);
				if (missing[0] != '\0')
					report_missing(verify, missing);
			} while (missing[0] != '\0');
			break;
		}
	return 0;
}

static int verify_log(struct verify *verify, const struct data_folder *data_folder,
                      const struct backup_info *list, size_t count)
{
	const char *oldest = list[0].wal_first;
	int rc = backup_log_read(verify->folder, data_folder, &verify->log);

	if (rc < 0)
		return rc;
	for (size_t i = 1; i < count; i++)
		if (strcmp(list[i].wal_first + WAL_TIMELINE, oldest + WAL_TIMELINE) < 0)
			oldest = list[i].wal_first;
	/* pgBackRest reads its own. */
	for (size_t i = 0; i < verify->log.count && !verify->folder->rest && rc != -EINTR; i++) {
		const char *name = verify->log.segments[i];

		if (strcmp(name + WAL_TIMELINE, oldest + WAL_TIMELINE) < 0)
			continue;
		rc = backup_file_get(verify->folder->wal_fd, name, &verify->folder->key, -1);
		if (rc != -EINTR)
			report(verify, name, rc);
		verify->segments++;
	}
	if (rc == -EINTR)
		return rc;
	find_gaps(verify, oldest);
	for (size_t i = 0; i < count && !verify->folder->rest; i++)
		find_missing_of(verify, &list[i]);
	return find_gap_of_branch(verify, data_folder, list, count);
}

int backup_verify(struct backup_folder *folder, const struct data_folder *data_folder, int *ret_bad)
{
	static struct verify verify;
	struct backup_info *list;
	int64_t objects = 0;
	int rc, bad = 0;
	bool good = false;
	size_t count;

	verify = (struct verify){.folder = folder};
	rc = backup_folder_list(folder, &list, &count);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count && !folder->rest; i++)
		verify_backup(&verify, &list[i]);
	if (folder->rest) {
		rc = backup_rest_verify(folder, data_folder, &good);
		verify.bad += good ? 0 : 1;
	}
	if (rc == 0 && count > 0 && folder->archives)
		rc = verify_log(&verify, data_folder, list, count);
	free(list);
	backup_log_free(&verify.log);
	if (rc == 0)
		rc = backup_objects_verify(folder, &objects, &bad);
	*ret_bad = verify.bad + bad;
	printf("%zu backups, %" PRId64 " segments of the log, %" PRId64
	       " images and files: %d damaged "
	       "or missing\n",
	       count, verify.segments, objects, *ret_bad);
	return rc;
}
