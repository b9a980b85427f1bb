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

/*
 * Both look at the folder in a process of its own, for some seconds: whoever starts PostgreSQL must
 * not hang with it. They print the error and return -errno on failure, -ETIMEDOUT when the folder
 * does not answer.
 *
 * backup_wal_archive_command: for the postgresql.conf of the cluster in this folder.
 *
 * backup_wal_lend: lends them to the child: adds descriptors to the spec. 1: pgBackRest needs no
 * loan.
 */
enum { BACKUP_COMMAND_MAX = 2560 };
int backup_wal_archive_command(const struct config *config, const struct data_folder *data_folder,
                               const char *cluster, char *ret, size_t size)
    __attribute__((warn_unused_result));
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

/* Removes what no backup from `first` on needs; and what killed commands left. */
void backup_wal_expire(const struct backup_folder *folder, const char *first);

#endif
