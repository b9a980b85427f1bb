/*
 * backup_log: what of the write-ahead log is archived, and its branches. Each restore begins a
 * branch, PostgreSQL's timeline, whose history says where it left the ones that it came from. What
 * was written to those after that is of no use for it: neither their log nor their backups.
 */
#ifndef SEBEZ_NODE_BACKUP_LOG_H
#define SEBEZ_NODE_BACKUP_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/backup_folder.h"

enum { BACKUP_BRANCHES_MAX = 256 }; /* restores of one shop */

typedef char wal_name[WAL_NAME + 1];

struct backup_log {
	wal_name *segments; /* in order: by timeline, then by position */
	size_t count, room;
	struct {
		unsigned timeline;
		int64_t at_s;  /* when its history was archived */
		char name[64]; /* in the archive */
	} histories[BACKUP_BRANCHES_MAX];
	size_t history_count;
	struct {
		unsigned timeline;
		int64_t at_s; /* when its newest segment was archived */
	} ends[BACKUP_BRANCHES_MAX + 1];
	size_t end_count;
};

/* Prints the error and returns -errno on failure: -E2BIG when there are more. */
int backup_log_read(const struct backup_folder *folder, const struct data_folder *data_folder,
                    struct backup_log *ret) __attribute__((warn_unused_result));
void backup_log_free(struct backup_log *log);

bool backup_log_has(const struct backup_log *log, const char *segment);
/* As if the segment were there. */
void backup_log_add(struct backup_log *log, const char *segment);

/* The segment after this one. */
void backup_log_next(const char name[WAL_NAME + 1], char ret[WAL_NAME + 1]);

struct backup_branch {
	unsigned timeline;
	size_t count;
	struct {
		unsigned timeline;
		uint64_t end;        /* the position where it was left */
	} from[BACKUP_BRANCHES_MAX]; /* what it came from, the oldest first */
};

/* The newest timeline that had been archived at this Unix time, or of which there is a backup that
 * began before it. */
unsigned backup_branch_at(const struct backup_log *log, const struct backup_info *list,
                          size_t count, int64_t at_s);

/* An older timeline that went on after this one had begun: its log, or a backup of it, is newer
 * than the beginning of this one. So two databases use the folder, or did. 0: none. */
unsigned backup_branch_rival(const struct backup_log *log, const struct backup_info *list,
                             size_t count, unsigned timeline);

/* Of a timeline without a history in the archive only that is known that it is there. */
int backup_branch_read(const struct backup_folder *folder, const struct data_folder *data_folder,
                       const struct backup_log *log, unsigned timeline, struct backup_branch *ret)
    __attribute__((warn_unused_result));

/* Whether the backup had ended before the branch left its timeline. */
bool backup_branch_has(const struct backup_branch *branch, const struct backup_info *info);

/* The first segment that is missing where a later one of the branch is there, from the backup on,
 * which the branch has; "" when none is. */
void backup_branch_gap(const struct backup_branch *branch, const struct backup_log *log,
                       const struct backup_info *info, char ret[WAL_NAME + 1]);

#endif
