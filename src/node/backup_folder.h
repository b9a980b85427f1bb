/*
 * backup_folder: where backups are kept.
 *
 *   tool              plain or pgbackrest
 *   key.id            a hash of the key that it was begun with
 *   system            the identifier of the PostgreSQL cluster whose backups these are
 *   lock              held by the one command that writes backups
 *   base/<label>/     base.tar and info, of a full backup; .<label>.new while it is made
 *   wal/              segments and history of the write-ahead log; written by PostgreSQL's user
 *   objects/          images and files, as in SEBEZ_DATA/objects
 *   copied            when images and files had been copied, all of them
 *   bucket            the bucket that has all of this once more
 *   secret, secrets/  SEBEZ_SECRET of the shop, and earlier ones; only with a key
 *   drill.json        the report of the last restore drill
 *
 * Files but `tool`, `key.id`, `system`, `lock`, `info` and `drill.json` are of node/backup_file.h.
 */
#ifndef SEBEZ_NODE_BACKUP_FOLDER_H
#define SEBEZ_NODE_BACKUP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/backup_file.h"
#include "node/config.h"
#include "node/data_folder.h"

enum { BACKUP_LABEL_MAX = 48, BACKUP_COUNTS_MAX = 16, BACKUP_BACKUPS_MAX = 1 << 17, WAL_NAME = 24 };

enum { WAL_TIMELINE = 8 }; /* with which a name begins; the rest is a position */

struct backup_folder {
	char path[DATA_FOLDER_PATH_MAX]; /* absolute */
	bool archives;                   /* a setting names it, so WAL is archived there */
	bool rest;                       /* rows and WAL are kept by node/backup_rest.h */
	char conf[DATA_FOLDER_PATH_MAX]; /* its configuration */
	struct backup_key key;
	int fd, base_fd, wal_fd, objects_fd, lock_fd; /* lock_fd: -1 when not locked */
};

/* Of a full backup. Times are Unix times. */
struct backup_info {
	char label[BACKUP_LABEL_MAX];
	int64_t began_s, ended_s;
	int64_t bytes;   /* of the database, compressed */
	int64_t objects; /* images and files that there were */
	unsigned timeline;
	char system[24];
	char wal_first[WAL_NAME + 1], wal_last[WAL_NAME + 1]; /* what a restore needs at least */
	uint64_t stop; /* the position of the log that it needs at least */
	struct {
		char table[32];
		int64_t rows; /* when the backup began; these tables lose no rows */
	} counts[BACKUP_COUNTS_MAX];
	int count_count;
};

/* The folder of the settings: SEBEZ_BACKUP_FOLDER, or SEBEZ_DATA/backup. make: makes what is
 * missing. Prints the error and returns -errno on failure; -ENOENT without `make` when there is
 * none. */
int backup_folder_open(const struct config *config, const struct data_folder *data_folder,
                       bool make, struct backup_folder *ret) __attribute__((warn_unused_result));
void backup_folder_close(struct backup_folder *folder);

/* Waits, with a message, while another command holds it. */
int backup_folder_lock(struct backup_folder *folder) __attribute__((warn_unused_result));

/* The oldest first; free *ret with free(). Whatever is not a complete backup is passed over.
 * -E2BIG: there are more than BACKUP_BACKUPS_MAX, one each hour for ten years. */
int backup_folder_list(const struct backup_folder *folder, struct backup_info **ret,
                       size_t *ret_count) __attribute__((warn_unused_result));

/* A small file of lines, replaced as a whole. */
int backup_folder_write(int fd, const char *name, const char *text)
    __attribute__((warn_unused_result));
/* The same, readable for the user of the children alone. */
int backup_folder_write_for(int fd, const char *name, const char *text,
                            const struct data_folder *owner) __attribute__((warn_unused_result));
/* Its text, cut to size; "" when there is none or it cannot be read, and then -errno, too. */
int backup_folder_read(int fd, const char *name, char *ret, size_t size);

int backup_info_write(int fd, const struct backup_info *info) __attribute__((warn_unused_result));

/* Removes a folder and all in it, without following links. */
int backup_folder_remove(int parent, const char *name);

/* "3.4 GB" and "2 h", for people. */
void backup_bytes_text(int64_t bytes, char *ret, size_t size);
void backup_age_text(int64_t seconds, char *ret, size_t size);

#endif
