/*
 * backup_lane: a part of the folder for backups on its way to the bucket (node/backup_bucket.h).
 * Each part has a lane of its own, so that the log does not wait for images. For backup_ship.c,
 * whose process has them all.
 */
#ifndef SEBEZ_NODE_BACKUP_LANE_H
#define SEBEZ_NODE_BACKUP_LANE_H

#include "node/backup_bucket.h"

struct backup_lane {
	struct backup_ship *ship;
	enum backup_part part;
	struct backup_tree remote, added; /* added: by this pass */
	bool is_listed;
	int64_t list_ms;  /* when it is listed again */
	int64_t waiting;  /* as found by the last pass */
	bool failed;      /* the last pass */
	int refused;      /* files that the bucket did not take, one after the other */
	bool has_deleted; /* what the folder has no more */
	int64_t clean_us; /* what was there then is in the bucket */
};

struct backup_ship {
	struct backup_link link;
	const struct data_folder *data_folder;
	int folder;
	struct backup_lane lanes[BACKUP_PART_COUNT];
	char owner[BACKUP_OWNER_MAX];
	struct backup_tree left; /* keys that are not deleted */
	bool is_owner;           /* of the bucket, so that the lanes may begin */
	bool once;
	int64_t began_us;
	int rc; /* of once */
};

/* Sees that the bucket is this folder's, and reads what of it nobody deletes. -EEXIST: it is
 * another folder's. Suspends the fiber. */
int backup_ship_own(struct backup_ship *ship) __attribute__((warn_unused_result));

/* Takes what is new there, and deletes there what the folder has expired. -ENODATA: the folder
 * lacks what the bucket has, and nothing was deleted. Suspends the fiber. */
int backup_lane_pass(struct backup_lane *lane) __attribute__((warn_unused_result));

#endif
