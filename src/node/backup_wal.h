/*
 * backup_wal: the write-ahead log in the folder for backups. PostgreSQL runs `sebez wal-put` for
 * each file that is complete (archive_command) and `sebez wal-get` for each that recovery asks for
 * (restore_command), as its own user, who may have no access to the folder nor to our program: so
 * its server gets both as open descriptors.
 */
#ifndef SEBEZ_NODE_BACKUP_WAL_H
#define SEBEZ_NODE_BACKUP_WAL_H

#include "node/backup_folder.h"
#include "node/child.h"

/* What a child gets so that its commands can do that. */
struct backup_loan {
	int program_fd;
	int wal_fd;
	char program[64], wal[64],
	    key[160]; /* variables of its environment; "" when there is none */
};

/* Lends them to the child: adds descriptors to the spec. 1: pgBackRest needs no loan. Prints the
 * error and returns -errno on failure. */
int backup_wal_lend(const struct config *config, const struct data_folder *data_folder,
                    struct child_spec *spec, struct backup_loan *ret)
    __attribute__((warn_unused_result));
void backup_wal_lent(struct backup_loan *loan); /* after child_spawn */

/* The command for postgresql.conf of the cluster in this folder: archive_command, or else
 * restore_command. */
void backup_wal_command(const struct backup_folder *folder, const char *cluster, bool put,
                        char *ret, size_t size);

int backup_wal_put(const char *path);
int backup_wal_get(const char *name, const char *path);

/* The segment after this one. */
void backup_wal_next(const char name[WAL_NAME + 1], char ret[WAL_NAME + 1]);

/* The last segment of this timeline, or of a later one that branched off, that follows `first`
 * without a gap. A gap is when a later segment is there: *ret_missing is the first that is not, ""
 * when there is no gap. */
int backup_wal_last(const struct backup_folder *folder, const char *first, char ret[WAL_NAME + 1],
                    char ret_missing[WAL_NAME + 1]) __attribute__((warn_unused_result));

/* The newest timeline whose branch was archived at this Unix time or before; at least `least`. */
unsigned backup_wal_timeline_at(const struct backup_folder *folder, unsigned least, int64_t at_s);

/* Removes what no backup from `first` on needs; and what killed commands left. */
void backup_wal_expire(const struct backup_folder *folder, const char *first);

#endif
