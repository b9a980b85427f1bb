/*
 * objects_folder_internal: objects as files, keys as paths.
 *
 * A file is written under tmp/, synced, renamed to its key, and its folders synced. The loop never
 * waits for the disk: each step runs in a thread while the fiber sleeps. Links are signed as those
 * of S3 (store/sigv4.h), for paths under OBJECTS_PATH.
 */
#ifndef SEBEZ_STORE_OBJECTS_FOLDER_INTERNAL_H
#define SEBEZ_STORE_OBJECTS_FOLDER_INTERNAL_H

#include <sys/types.h>
#include <time.h>

#include "store/objects_internal.h"
#include "store/outage.h"
#include "store/sigv4.h"

#define FOLDER_ACCESS_KEY "sebez"
#define FOLDER_REGION "local"

enum {
	FOLDER_TMP_BYTES = 16, /* random ones, in the name of a file under tmp/ */
	FOLDER_PATH_SIZE = OBJECT_KEY_MAX + 1,
};

struct folder {
	int fd;
	bool gives_away; /* what is made gets this owner */
	uid_t uid;
	gid_t gid;
	struct sigv4_keys keys;
	struct outage outage;
	time_t tidy_at; /* when to look for what killed processes left */
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

/* For callers, an error of store/objects.h; the outage gets its reason. */
int folder_outcome(struct folder *folder, int rc);

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
