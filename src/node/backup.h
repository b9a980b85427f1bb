/*
 * backup: backups of the embedded PostgreSQL and of what belongs to its rows, their restore, and
 * the drill that shows that they can be restored. docs/OPERATIONS.md, "Backups", describes them for
 * operators.
 *
 *   backup.c          the commands
 *   backup_plain.c    a backup by pg_basebackup
 *   backup_rest.c     the same by pgBackRest
 *   backup_objects.c  copies of images and files
 *   backup_wal.c      archives the log
 *   backup_log.c      what is archived
 *   backup_branch.c   its branches
 *   backup_verify.c   reads all that a restore would read
 *   backup_choose.c   which backup a restore takes, of which branch
 *   backup_restore.c  a cluster from a backup, at a moment
 *   backup_drill.c    restores the newest into a scratch folder, and looks at it
 *   backup_keeper.c   the schedule, run by the supervisor
 *   backup_status.c   what is known of them, for people
 *   backup_folder.c   the folder that all of them share
 *   backup_bucket.h   all of it once more in a bucket
 */
#ifndef SEBEZ_NODE_BACKUP_H
#define SEBEZ_NODE_BACKUP_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/backup_folder.h"
#include "node/backup_log.h"
#include "node/config.h"
#include "node/services.h"

/* Functions print the error and return -errno on failure, unless they say otherwise. */

/* A new backup of the running cluster: rows, then images and files, then the secret, then the info
 * that makes it complete. A backup that was cut off leaves nothing that is taken for one. Expires
 * older ones. */
int backup_plain_make(const struct config *config, const struct services *services,
                      struct backup_folder *folder, struct backup_info *ret)
    __attribute__((warn_unused_result));

/* Deletes backups that no moment of the past `days` needs, of the branch of the log that this
 * timeline is, and the log before the oldest that is left. */
int backup_plain_expire(const struct backup_folder *folder, const struct data_folder *data_folder,
                        unsigned timeline, int64_t days) __attribute__((warn_unused_result));

/* Copies objects that are new, and marks copies of those that are gone, which are deleted `days`
 * later. */
#define BACKUP_COPIED "copied" /* when all of them had been, a Unix time */
int backup_objects_copy(const struct backup_folder *folder, const struct data_folder *data_folder,
                        int64_t days, int64_t *ret_count) __attribute__((warn_unused_result));
/* Writes all copies into SEBEZ_DATA/objects. What is there already is kept. */
int backup_objects_restore(const struct backup_folder *folder,
                           const struct data_folder *data_folder, int64_t *ret_count)
    __attribute__((warn_unused_result));
/* Reads all copies; prints and counts those that are damaged. */
int backup_objects_verify(const struct backup_folder *folder, int64_t *ret_count, int *ret_bad)
    __attribute__((warn_unused_result));

/* Reads all that any restore would read; prints and counts what is damaged or missing. */
int backup_verify(struct backup_folder *folder, const struct data_folder *data_folder, int *ret_bad)
    __attribute__((warn_unused_result));

struct backup_target {
	const char *label; /* NULL: the newest of the branch that had ended by the moment */
	int64_t at_us;     /* Unix time of the moment; 0: as late as there is something */
	unsigned timeline; /* 0: the one that was in use at the moment */
	bool drill;        /* of rows only; archives nothing, for it is thrown away */
};

struct backup_choice {
	struct backup_info info;
	struct backup_branch branch; /* unless the log is not archived */
};

/* Looks for a gap, too, which a restore without a moment would take for the end of the log. */
int backup_choose(const struct backup_folder *folder, const struct data_folder *data_folder,
                  const struct backup_target *target, struct backup_choice *ret)
    __attribute__((warn_unused_result));

/* A cluster, its objects and its secret in a data folder that has no cluster; the epoch of the feed
 * is renewed. */
int backup_restore(const struct config *config, const struct data_folder *data_folder,
                   struct backup_folder *folder, const struct backup_target *target,
                   struct backup_info *ret) __attribute__((warn_unused_result));

/* Restores the newest backup into SEBEZ_DATA/drill, checks it there, and removes all but its logs.
 * The report is in the folder for backups. Prints what was found. -ENOSPC: the live database needs
 * the room; -EINTR: it was stopped; both without a report. */
#define BACKUP_DRILL_REPORT "drill.json"
int backup_drill(const struct config *config, const struct data_folder *data_folder,
                 struct backup_folder *folder, bool *ret_good) __attribute__((warn_unused_result));

/* What must be done in a database that was restored, by whatever means. ends_sessions: it was
 * restored to an earlier moment on purpose. */
int backup_restored(PGconn *conn, bool ends_sessions) __attribute__((warn_unused_result));

/* Commands. They return exit statuses. */
struct backup_call {
	const char *label, *to, *timeline; /* of restore, as given; NULL: not given */
};
int backup_main(const struct config *config);
int backup_list_main(const struct config *config);
int backup_verify_main(const struct config *config);
int backup_images_main(const struct config *config);
int backup_drill_main(const struct config *config);
int backup_take_over_main(const struct config *config);
int backup_status_main(const struct config *config);
int backup_keeper_main(const struct config *config);
int backup_restore_main(const struct config *config, const struct backup_call *given);
int backup_restored_main(const struct config *config, bool ends_sessions);

#endif
