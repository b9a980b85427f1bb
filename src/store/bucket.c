#include "store/bucket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/objects_internal.h"

struct bucket {
	struct objects_settings settings;
	void *store;
};

int bucket_open(const struct objects_settings *settings, struct bucket **ret)
{
	struct bucket *bucket = calloc(1, sizeof(*bucket));
	int rc;

	if (bucket == NULL)
		return -ENOMEM;
	assert(settings->bucket[0] != '\0');
	bucket->settings = *settings;
	rc = S3_BACKEND.open(&bucket->settings, &bucket->store);
	if (rc < 0)
		free(bucket);
	else
		*ret = bucket;
	return rc;
}

void bucket_close(struct bucket *bucket)
{
	if (bucket == NULL)
		return;
	S3_BACKEND.close(bucket->store);
	free(bucket);
}

bool bucket_key_is_valid(const char *key)
{
	size_t length = strlen(key);

	if (length == 0 || length > BUCKET_KEY_MAX || key[0] == '/' || key[length - 1] == '/')
		return false;
	return strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/") ==
	           length &&
	       strstr(key, "//") == NULL && strstr(key, "/./") == NULL &&
	       strstr(key, "/../") == NULL;
}

int bucket_put(struct bucket *bucket, const char *key, object_read_fn *read, void *arg,
               int64_t deadline_ms)
{
	assert(bucket_key_is_valid(key));
	return S3_BACKEND.put(bucket->store, key, read, arg, deadline_ms);
}

int bucket_get(struct bucket *bucket, struct arena *arena, const char *key, int64_t offset,
               size_t length_max, int64_t deadline_ms, struct object_piece *ret)
{
	assert(bucket_key_is_valid(key) && length_max >= 1 && length_max <= OBJECT_PIECE_BYTES);
	return S3_BACKEND.get(bucket->store, arena, key, offset, length_max, deadline_ms, ret);
}

int bucket_list(struct bucket *bucket, struct arena *arena, const char *prefix, const char *after,
                size_t count_max, int64_t deadline_ms, size_t *ret_count, struct object_entry **ret)
{
	assert(count_max >= 1 && count_max <= OBJECT_LIST_MAX);
	return S3_BACKEND.list(bucket->store, arena, prefix, after, count_max, deadline_ms,
	                       ret_count, ret);
}

int bucket_delete(struct bucket *bucket, const char *key, int64_t deadline_ms)
{
	assert(bucket_key_is_valid(key));
	return S3_BACKEND.remove(bucket->store, key, deadline_ms);
}
