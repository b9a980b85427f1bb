/* objects_internal: the backends of objects.h. */
#ifndef SEBEZ_STORE_OBJECTS_INTERNAL_H
#define SEBEZ_STORE_OBJECTS_INTERNAL_H

#include "store/objects.h"
#include "store/outage.h"

/* Each has an outage of its own: a full disk is read, and a key may read and not write. */
enum object_access { OBJECT_READ, OBJECT_WRITE, OBJECT_REMOVE, OBJECT_ACCESS_COUNT };

/* As the functions of objects.h, whose arguments are checked by then; `store` is what open gave. */
struct object_backend {
	int (*open)(const struct objects_settings *settings, void **ret);
	void (*close)(void *store);
	int (*put)(void *store, const char *key, object_read_fn *read, void *arg,
	           int64_t deadline_ms);
	int (*get)(void *store, struct arena *arena, const char *key, int64_t offset,
	           size_t length_max, int64_t deadline_ms, struct object_piece *ret);
	int (*head)(void *store, const char *key, int64_t deadline_ms, int64_t *ret_bytes);
	int (*copy)(void *store, const char *from, const char *to, int64_t deadline_ms);
	int (*remove)(void *store, const char *key, int64_t deadline_ms);
	int (*list)(void *store, struct arena *arena, const char *prefix, const char *after,
	            size_t count_max, int64_t deadline_ms, size_t *ret_count,
	            struct object_entry **ret);
	/* bytes: of a PUT; negative: a GET. */
	int (*presign)(void *store, struct arena *arena, const char *origin, const char *key,
	               int64_t bytes, int64_t expires_s, int64_t deadline_ms, const char **ret_url);
	const char *(*url)(const void *store, struct arena *arena, const char *origin,
	                   const char *key);
	bool (*is_up)(const void *store);
};

bool object_outages_none(const struct outage outages[OBJECT_ACCESS_COUNT]);

extern const struct object_backend FOLDER_BACKEND, S3_BACKEND;

#endif
