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

#include "store/objects_internal.h"
#include "store/outage.h"
#include "store/sigv4.h"

#define OBJECTS_PATH "/media/"
#define FOLDER_ACCESS_KEY "sebez"
#define FOLDER_REGION "local"

struct folder {
	int fd;
	bool gives_away; /* what is made gets this owner */
	uid_t uid;
	gid_t gid;
	struct sigv4_keys keys;
	struct sigv4_keys previous_keys; /* whose links are valid, too; NULL: none */
	struct outage outage;
};

/* For callers, an error of store/objects.h; the outage gets its reason. */
int folder_outcome(struct folder *folder, int rc);

int folder_list(void *store, struct arena *arena, const char *prefix, const char *after,
                size_t count_max, int64_t deadline_ms, size_t *ret_count,
                struct object_entry **ret);
int folder_presign(void *store, struct arena *arena, const char *origin, const char *key,
                   int64_t bytes, int64_t expires_s, int64_t deadline_ms, const char **ret_url);
const char *folder_url(const void *store, struct arena *arena, const char *origin, const char *key);

#endif
