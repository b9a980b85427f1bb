#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/backup.h"
#include "node/backup_rest.h"
#include "node/backup_wal.h"
#include "node/say.h"

struct verify {
	struct backup_folder *folder;
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

/* The chain has to reach what the last backup needs. */
static void find_missing_end(const struct backup_info *list, size_t count, const char *last,
                             char missing[WAL_NAME + 1])
{
	const char *end = list[0].wal_last;

	for (size_t i = 1; i < count; i++)
		if (strcmp(list[i].wal_last, end) > 0)
			end = list[i].wal_last;
	if (last[0] == '\0')
		path_format(missing, WAL_NAME + 1, "%s", list[0].wal_first);
	else if (strcmp(last, end) < 0)
		backup_wal_next(last, missing);
}

/* From the oldest backup on there is one chain, which ends with what was archived last. */
static int verify_log(struct verify *verify, const struct backup_info *list, size_t count)
{
	const struct backup_info *oldest = &list[0];
	char last[WAL_NAME + 1], missing[WAL_NAME + 1], name[WAL_NAME + 1];
	int rc = backup_wal_last(verify->folder, oldest->wal_first, last, missing);

	if (rc < 0)
		return rc;
	if (missing[0] == '\0' && !verify->folder->rest)
		find_missing_end(list, count, last, missing);
	if (missing[0] != '\0')
		report(verify, missing, -ENOENT);
	if (verify->folder->rest) /* which has read them itself */
		return 0;
	path_format(name, sizeof(name), "%s", oldest->wal_first);
	while (last[0] != '\0' && strcmp(name + 8, last + 8) <= 0) {
		/* Of each timeline that has it. */
		for (unsigned timeline = oldest->timeline; timeline < oldest->timeline + 64;
		     timeline++) {
			char of[WAL_NAME + 1];

			path_format(of, sizeof(of), "%08X%s", timeline, name + 8);
			rc = backup_file_exists(verify->folder->wal_fd, of);
			if (rc == 0)
				continue;
			if (rc > 0)
				rc = backup_file_get(verify->folder->wal_fd, of,
				                     &verify->folder->key, -1);
			report(verify, of, rc);
			verify->segments++;
		}
		backup_wal_next(name, name);
	}
	return 0;
}

int backup_verify(struct backup_folder *folder, const struct data_folder *data_folder, int *ret_bad)
{
	struct verify verify = {.folder = folder};
	struct backup_info *list;
	int64_t objects = 0;
	int rc, bad = 0;
	bool good = false;
	size_t count;

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
		rc = verify_log(&verify, list, count);
	free(list);
	if (rc == 0)
		rc = backup_objects_verify(folder, &objects, &bad);
	*ret_bad = verify.bad + bad;
	printf("%zu backups, %" PRId64 " segments of the log, %" PRId64
	       " images and files: %d damaged "
	       "or missing\n",
	       count, verify.segments, objects, *ret_bad);
	return rc;
}
