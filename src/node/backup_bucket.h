/*
 * backup_bucket: the folder for backups once more in a bucket of S3 (SEBEZ_BACKUP_URL), file by
 * file as they are: compressed, and encrypted when there is a key. A file `bucket` in the folder
 * says that both belong together, so a folder that was lost empties no bucket.
 *
 *   backup_ship.c    takes what is new there, and deletes what the folder has expired
 *   backup_fetch.c   gets all of it into a folder that has nothing
 *   backup_bucket.c  what both need
 */
#ifndef SEBEZ_NODE_BACKUP_BUCKET_H
#define SEBEZ_NODE_BACKUP_BUCKET_H

#include "node/backup_folder.h"
#include "node/backup_tree.h"
#include "node/config.h"
#include "store/bucket.h"

enum { BACKUP_PREFIX_MAX = 200 };

/* s3://bucket or s3://bucket/prefix. prefix: with a slash at its end, or "". */
bool backup_bucket_parse(const char *url, char ret_bucket[64], char ret_prefix[BACKUP_PREFIX_MAX]);

/* What is not in the bucket yet, as the process that takes it there noted last. */
struct backup_bucket_note {
	int64_t waiting; /* files */
	int64_t clean_s; /* all that was in the folder at this time was in the bucket; 0: never */
	int64_t log_s;   /* all of the log that was */
};

bool backup_bucket_note_read(const char *data, struct backup_bucket_note *ret);

/* Takes what is in the folder now to the bucket, unless the server does. Prints the error
 * and returns -errno on failure. */
int backup_bucket_ship(const struct config *config, const struct data_folder *data_folder,
                       const struct backup_folder *folder) __attribute__((warn_unused_result));
int backup_ship_main(const struct config *config); /* does so all the time */

/* When the folder of the settings has no backups and they name a bucket: gets all that is there. */
int backup_bucket_fetch(const struct config *config, const struct data_folder *data_folder)
    __attribute__((warn_unused_result));

/* Prints and counts what the bucket lacks of the folder, or has with another length. */
int backup_bucket_compare(const struct config *config, const struct backup_folder *folder,
                          int *ret_bad) __attribute__((warn_unused_result));

/* For the files of this area. */
struct backup_link {
	const struct config *config;
	struct objects_settings settings;
	struct bucket *bucket;
	char name[64], prefix[BACKUP_PREFIX_MAX];
};

#define BACKUP_BUCKET_MARK "bucket"

/* Starts what calls need. Prints the error and returns -errno on failure. */
int backup_link_open(const struct config *config, struct backup_link *ret)
    __attribute__((warn_unused_result));
void backup_link_close(struct backup_link *link);
/* Why the last call failed. */
const char *backup_link_reason(int rc);
/* All that is there, of one part or BACKUP_PART_COUNT: of all; suspends the fiber. */
int backup_link_list(struct backup_link *link, enum backup_part part, struct backup_tree *ret)
    __attribute__((warn_unused_result));
/* Runs work(arg) on a fiber, until it ends. */
int backup_link_run(void (*work)(void *arg), void *arg) __attribute__((warn_unused_result));
void backup_link_key(const struct backup_link *link, const char *key, char ret[BUCKET_KEY_MAX + 1]);

/* 1: they belong together, 0: the folder says nothing, -EEXIST: it belongs to another one. */
int backup_mark_read(const struct config *config, int folder);
int backup_mark_write(const struct config *config, int folder) __attribute__((warn_unused_result));

#endif
