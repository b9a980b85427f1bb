/*
 * bucket: files in a bucket of S3 under any names, for tools; images and files of the shop are in
 * store/objects.h. Calls suspend the fiber; errors are those of objects.h.
 */
#ifndef SEBEZ_STORE_BUCKET_H
#define SEBEZ_STORE_BUCKET_H

#include "store/objects.h"

enum { BUCKET_KEY_MAX = 700 }; /* of the 1,024 bytes of S3 */

/* A file has that many parts at most. */
#define BUCKET_FILE_MAX ((int64_t)10000 * OBJECT_PIECE_BYTES)

struct bucket;

/* Of the settings, those of S3 are used; they outlive the bucket. */
int bucket_open(const struct objects_settings *settings, struct bucket **ret)
    __attribute__((warn_unused_result));
void bucket_close(struct bucket *bucket); /* NULL is fine */

/* Letters, digits and "-_.~/", of which none is before or after a slash alone. */
bool bucket_key_is_valid(const char *key);

/* In parts of OBJECT_PIECE_BYTES, one of which is in memory; up to 10,000. */
int bucket_put(struct bucket *bucket, const char *key, object_read_fn *read, void *arg,
               int64_t deadline_ms) __attribute__((warn_unused_result));
/* As objects_get, objects_list and objects_delete. */
int bucket_get(struct bucket *bucket, struct arena *arena, const char *key, int64_t offset,
               size_t length_max, int64_t deadline_ms, struct object_piece *ret)
    __attribute__((warn_unused_result));
int bucket_list(struct bucket *bucket, struct arena *arena, const char *prefix, const char *after,
                size_t count_max, int64_t deadline_ms, size_t *ret_count, struct object_entry **ret)
    __attribute__((warn_unused_result));
int bucket_delete(struct bucket *bucket, const char *key, int64_t deadline_ms)
    __attribute__((warn_unused_result));

#endif
