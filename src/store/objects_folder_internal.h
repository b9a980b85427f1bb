/*
 * objects_folder_internal: objects as files, keys as paths.
 *
 * A file is written under tmp/, synced, renamed to its key, and its folders synced. The loop never
 * waits for the disk: each step runs in a thread while the fiber sleeps. Links are signed as those
 * of S3 (store/sigv4.h), for paths under OBJECTS_PATH.
 */
#ifndef SEBEZ_STORE_OBJECTS_FOLDER_INTERNAL_H
#define SEBEZ_STORE_OBJECTS_FOLDER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "store/objects_internal.h"
#include "store/sigv4.h"

#define FOLDER_ACCESS_KEY "sebez"
#define FOLDER_REGION "local"

enum {
	FOLDER_TMP_BYTES = 16, /* random ones, in the name of a file under tmp/ */
	FOLDER_PATH_SIZE = OBJECT_KEY_MAX + 1,
	FOLDER_SETTLED = 512, /* folders that are remembered: those of the objects of seconds */
};

struct folder {
	int fd;
	bool gives_away; /* what is made gets this owner */
	uid_t uid;
	gid_t gid;
	struct sigv4_keys keys;
	struct sigv4_day day; /* of the keys */
	struct outage outages[OBJECT_ACCESS_COUNT];
	time_t tidy_at; /* when to look for what killed processes left */
	/* Hashes of the paths of folders whose entries in their parents are on the disk for sure.
	 * Of the threads, too. */
	uint64_t settled[FOLDER_SETTLED];
};

/* One operation in a thread; inputs and outputs as the operation needs them. */
struct folder_step {
	struct folder *folder;
	const char *key, *other;
	char tmp[sizeof("tmp/") + 2 * FOLDER_TMP_BYTES];
	int fd; /* -1: closed */
	char *bytes;
	size_t length;
	int64_t offset;
	int64_t total;
	int rc;
};

/* Runs it while the fiber sleeps; returns its rc. */
int folder_on_thread(void (*work)(void *arg), struct folder_step *step);

/* Files belong to the owner of the folder, also when a tool of root makes them. */
int folder_give_away(const struct folder *folder, int fd, const char *path);
int folder_make(const struct folder *folder, const char *path, bool *ret_made);

/*
 * The folders on the way to a key. They survive a crash when their parents are synced, which takes
 * the disk's time for each; so it is done only for those that this process has made, or of which it
 * does not know that whoever made them has come so far.
 *
 *   folder_make_way     makes those that are missing; the first *ret_settled bytes of the key are
 *                       folders that need no sync
 *   folder_sync_way     after the object was renamed to its key: that and the way survive a crash
 *   folder_sync_parent  after the object was deleted
 */
int folder_make_way(struct folder *folder, const char *key, size_t *ret_settled);
int folder_sync_way(struct folder *folder, const char *key, size_t settled);
int folder_sync_parent(const struct folder *folder, const char *key);

/* For callers, an error of store/objects.h; the outage gets its reason. */
int folder_outcome(struct folder *folder, enum object_access access, int rc);

int folder_get(void *store, struct arena *arena, const char *key, int64_t offset, size_t length_max,
               int64_t deadline_ms, struct object_piece *ret);
int folder_head(void *store, const char *key, int64_t deadline_ms, int64_t *ret_bytes);
int folder_file(struct folder *folder, const char *key, int *ret_fd, int64_t *ret_bytes);
enum sigv4_verdict folder_verify(const struct objects_settings *settings, struct arena *arena,
                                 const struct sigv4_call *call);
int folder_list(void *store, struct arena *arena, const char *prefix, const char *after,
                size_t count_max, int64_t deadline_ms, size_t *ret_count,
                struct object_entry **ret);
int folder_presign(void *store, struct arena *arena, const char *origin, const char *key,
                   int64_t bytes, int64_t expires_s, int64_t deadline_ms, const char **ret_url);
const char *folder_url(const void *store, struct arena *arena, const char *origin, const char *key);

#endif
