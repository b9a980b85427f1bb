/*
 * backup_bucket: the folder for backups once more in a bucket of S3 (SEBEZ_BACKUP_URL), file by
 * file as they are: compressed, and encrypted when there is a key. A file `bucket` in the folder
 * says that both belong together, so a folder that was lost empties no bucket; of several folders
 * one owns it, whose id is the object `owner` there.
 *
 *   backup_ship.c    the process, or the command, that takes it there
 *   backup_lane.c    one part: takes what is new there, and deletes what the folder has expired
 *   backup_fetch.c   gets all of it into a folder that has nothing
 *   backup_owner.c   whose it is
 *   backup_bucket.c  what all need
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

/* When the settings name a bucket that the folder has not got yet: gets all that is there, and goes
 * on with what was cut off. Owns nothing by that. A folder with backups of its own is refused. */
int backup_bucket_fetch(const struct config *config, const struct data_folder *data_folder)
    __attribute__((warn_unused_result));

/* The bucket of the settings belongs to this folder from now on, which has got it before. */
int backup_take_over(const struct config *config, const struct backup_folder *folder)
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

/* 1: they belong together, 0: the folder says nothing, -EEXIST: it belongs to another one. The
 * owner that it knows: BACKUP_OWNER_NONE when it got the files only, "" when an older version made
 * the mark. */
enum { BACKUP_OWNER_MAX = 33 };
#define BACKUP_OWNER_NONE "-"
#define BACKUP_OWNER_KEY "owner"
int backup_mark_read(const struct config *config, int folder, char ret_owner[BACKUP_OWNER_MAX]);
int backup_mark_write(const struct config *config, int folder, const char *owner)
    __attribute__((warn_unused_result));

/* These suspend the fiber. -EEXIST: the bucket is not this folder's. */
int backup_owner_read(struct backup_link *link, char ret[BACKUP_OWNER_MAX])
    __attribute__((warn_unused_result));
int backup_owner_claim(struct backup_link *link, int folder, char ret[BACKUP_OWNER_MAX])
    __attribute__((warn_unused_result));
int backup_owner_check(struct backup_link *link, const char *owner)
    __attribute__((warn_unused_result));

/* Keys that the folder did not have when it took the bucket over: nobody deletes them. */
#define BACKUP_BUCKET_LEFT "bucket.left"
int backup_left_read(int folder, struct backup_tree *ret) __attribute__((warn_unused_result));
/* In a folder that has not got all of the bucket yet. */
#define BACKUP_BUCKET_FETCHING "bucket.fetching"

#endif
