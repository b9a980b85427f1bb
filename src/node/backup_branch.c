#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "node/backup_log.h"
#include "node/backup_rest.h"
#include "node/say.h"

enum {
	SEGMENT_BITS = 24,          /* 16 MB, initdb's default */
	HISTORY_BYTES = 128 * 1024, /* 256 lines, each with a reason */
};

/* The number of a segment in the log, whatever its timeline. */
static uint64_t position_of(const char *name)
{
	unsigned timeline, high, low;
	int parts = sscanf(name, "%8X%8X%8X", &timeline, &high, &low);

	assert(parts == 3);
	return ((uint64_t)high << 8) | low;
}

static void name_segment(unsigned timeline, uint64_t position, char ret[WAL_NAME + 1])
{
	path_format(ret, WAL_NAME + 1, "%08X%08X%08X", timeline, (unsigned)(position >> 8),
	            (unsigned)(position & 0xff));
}

/* "1	0/3000148	before 2026-11-30 09:30:00+00": a timeline, where it was left, and why. */
static int read_lines(char *text, struct backup_branch *ret)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		unsigned timeline, high, low;

		if (line[0] == '#' || line[strspn(line, " \t")] == '\0')
			continue;
		if (sscanf(line, "%u %X/%X", &timeline, &high, &low) != 3)
			return -EBADMSG;
		if (ret->count == BACKUP_BRANCHES_MAX)
			return -E2BIG;
		ret->from[ret->count].timeline = timeline;
		ret->from[ret->count++].end = ((uint64_t)high << 32) | low;
	}
	return 0;
}

static int read_history(const struct backup_folder *folder, const struct data_folder *data_folder,
                        const char *name, struct backup_branch *ret)
{
	static char text[HISTORY_BYTES];
	int fd = memfd_create("history", MFD_CLOEXEC), rc;
	ssize_t count;

	if (fd < 0)
		return -errno;
	rc = folder->rest ? backup_rest_get(folder, data_folder, BACKUP_REST_ARCHIVE, name, fd)
	                  : backup_file_get(folder->wal_fd, name, &folder->key, fd);
	count = rc < 0 ? 0 : pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	if (rc < 0 || count <= 0)
		return rc < 0 ? rc : -EBADMSG;
	text[count] = '\0';
	return count == sizeof(text) - 1 ? -E2BIG : read_lines(text, ret);
}

int backup_branch_read(const struct backup_folder *folder, const struct data_folder *data_folder,
                       const struct backup_log *log, unsigned timeline, struct backup_branch *ret)
{
	int rc = 0;

	*ret = (struct backup_branch){.timeline = timeline};
	for (size_t i = 0; i < log->history_count; i++)
		if (log->histories[i].timeline == timeline) {
			rc = read_history(folder, data_folder, log->histories[i].name, ret);
			break;
		}
	if (rc < 0)
		say("the history of timeline %u cannot be read: %s", timeline,
		    rc == -EBADMSG ? "it is damaged, or of another key" : strerror(-rc));
	return rc;
}

bool backup_branch_has(const struct backup_branch *branch, const struct backup_info *info)
{
	if (info->timeline == branch->timeline)
		return true;
	for (size_t i = 0; i < branch->count; i++)
		if (branch->from[i].timeline == info->timeline)
			return info->stop <= branch->from[i].end;
	return false;
}

void backup_branch_gap(const struct backup_branch *branch, const struct backup_log *log,
                       const struct backup_info *info, char ret[WAL_NAME + 1])
{
	uint64_t at = position_of(info->wal_first);
	wal_name next, first;
	size_t i = 0;

	assert(backup_branch_has(branch, info));
	ret[0] = '\0';
	while (i < branch->count && branch->from[i].timeline != info->timeline)
		i++;
	/* Up to the segment in which a timeline was left: that is of the one that followed. */
	for (; i < branch->count; i++)
		for (; at < branch->from[i].end >> SEGMENT_BITS; at++) {
			name_segment(branch->from[i].timeline, at, next);
			if (!backup_log_has(log, next)) {
				memcpy(ret, next, sizeof(next));
				return;
			}
		}
	name_segment(branch->timeline, at, first);
	memcpy(next, first, sizeof(next));
	for (i = 0; i < log->count; i++) {
		if (strncmp(log->segments[i], first, WAL_TIMELINE) != 0 ||
		    strcmp(log->segments[i], first) < 0)
			continue;
		if (strcmp(log->segments[i], next) != 0) {
			memcpy(ret, next, sizeof(next));
			return;
		}
		backup_log_next(next, next);
	}
}
