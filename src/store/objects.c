#include "store/objects.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/objects_internal.h"
#include "store/sigv4.h"

struct objects {
	const struct object_backend *backend;
	void *store;
	const char *public_url;
};

static const struct {
	const char *extension, *content_type;
} TYPES[] = {
    {"jpg", "image/jpeg"},      {"png", "image/png"}, {"webp", "image/webp"},
    {"avif", "image/avif"},     {"gif", "image/gif"}, {"heic", "image/heic"},
    {"pdf", "application/pdf"}, {"mp4", "video/mp4"}, {"mov", "video/quicktime"},
    {"m4a", "audio/mp4"},       {"ogg", "audio/ogg"}, {"mp3", "audio/mpeg"},
    {"webm", "video/webm"},     {"csv", "text/csv"},  {"json", "application/json"},
    {"zip", "application/zip"},
};

bool object_key_is_valid(const char *key)
{
	size_t length = strlen(key);
	char before = '/';

	if (length == 0 || length > OBJECT_KEY_MAX || key[length - 1] == '/')
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = key[i];
		bool is_plain =
		    (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';

		if (!is_plain && (before == '/' || (c != '.' && c != '/')))
			return false;
		before = c;
	}
	return strncmp(key, OBJECTS_PUBLIC, strlen(OBJECTS_PUBLIC)) == 0 ||
	       strncmp(key, OBJECTS_PRIVATE, strlen(OBJECTS_PRIVATE)) == 0 ||
	       strncmp(key, OBJECTS_INCOMING, strlen(OBJECTS_INCOMING)) == 0;
}

const char *object_content_type(const char *key)
{
	const char *dot = strrchr(key, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (strcmp(TYPES[i].extension, dot + 1) == 0)
			return TYPES[i].content_type;
	return "application/octet-stream";
}

int objects_open(const struct objects_settings *settings, struct objects **ret)
{
	struct objects *objects = calloc(1, sizeof(*objects));
	int rc;

	if (objects == NULL)
		return -ENOMEM;
	objects->backend = settings->bucket[0] != 0 ? &OBJECTS_IN_S3 : &OBJECTS_IN_FOLDER;
	objects->public_url = settings->public_url;
	rc = objects->backend->open(settings, &objects->store);
	if (rc < 0) {
		free(objects);
		return rc;
	}
	*ret = objects;
	return 0;
}

void objects_close(struct objects *objects)
{
	if (objects == NULL)
		return;
	objects->backend->close(objects->store);
	free(objects);
}

int objects_put_stream(struct objects *objects, const char *key, object_read_fn *read, void *arg,
                       int64_t deadline_ms)
{
	assert(object_key_is_valid(key));
	return objects->backend->put(objects->store, key, read, arg, deadline_ms);
}

struct span {
	const char *bytes;
	size_t length;
};

static long read_span(void *arg, char *bytes, size_t size)
{
	struct span *span = arg;
	size_t count = span->length < size ? span->length : size;

	assert(size > 0);

	memcpy(bytes, span->bytes, count);
	span->bytes += count;
	span->length -= count;
	return (long)count;
}

int objects_put(struct objects *objects, const char *key, const void *bytes, size_t length,
                int64_t deadline_ms)
{
	struct span span = {bytes, length};

	return objects_put_stream(objects, key, read_span, &span, deadline_ms);
}

int objects_get(struct objects *objects, struct arena *arena, const char *key, int64_t offset,
                size_t length_max, int64_t deadline_ms, struct object_piece *ret)
{
	assert(object_key_is_valid(key));
	assert(offset >= 0 && length_max >= 1 && length_max <= OBJECT_PIECE_BYTES);
	return objects->backend->get(objects->store, arena, key, offset, length_max, deadline_ms,
	                             ret);
}

int objects_head(struct objects *objects, const char *key, int64_t deadline_ms, int64_t *ret_bytes)
{
	assert(object_key_is_valid(key));
	return objects->backend->head(objects->store, key, deadline_ms, ret_bytes);
}

int objects_copy(struct objects *objects, const char *from, const char *to, int64_t deadline_ms)
{
	assert(object_key_is_valid(from) && object_key_is_valid(to) && strcmp(from, to) != 0);
	return objects->backend->copy(objects->store, from, to, deadline_ms);
}

int objects_delete(struct objects *objects, const char *key, int64_t deadline_ms)
{
	assert(object_key_is_valid(key));
	return objects->backend->remove(objects->store, key, deadline_ms);
}

int objects_list(struct objects *objects, struct arena *arena, const char *prefix,
                 const char *after, size_t count_max, int64_t deadline_ms, size_t *ret_count,
                 struct object_entry **ret)
{
	assert(count_max >= 1 && count_max <= OBJECT_LIST_MAX);
	assert(strlen(prefix) <= OBJECT_KEY_MAX && strlen(after) <= OBJECT_KEY_MAX);
	return objects->backend->list(objects->store, arena, prefix, after, count_max, deadline_ms,
	                              ret_count, ret);
}

int objects_presign_put(struct objects *objects, struct arena *arena, const char *origin,
                        const char *key, int64_t bytes, int64_t expires_s, int64_t deadline_ms,
                        const char **ret_url)
{
	assert(object_key_is_valid(key) && bytes > 0);
	assert(expires_s >= 1 && expires_s <= SIGV4_EXPIRES_MAX_S);
	return objects->backend->presign(objects->store, arena, origin, key, bytes, expires_s,
	                                 deadline_ms, ret_url);
}

int objects_presign_get(struct objects *objects, struct arena *arena, const char *origin,
                        const char *key, int64_t expires_s, int64_t deadline_ms,
                        const char **ret_url)
{
	assert(object_key_is_valid(key) && expires_s >= 1 && expires_s <= SIGV4_EXPIRES_MAX_S);
	return objects->backend->presign(objects->store, arena, origin, key, -1, expires_s,
	                                 deadline_ms, ret_url);
}

const char *objects_url(const struct objects *objects, struct arena *arena, const char *origin,
                        const char *key)
{
	assert(strncmp(key, OBJECTS_PUBLIC, strlen(OBJECTS_PUBLIC)) == 0);
	if (objects->public_url[0] != 0)
		return arena_printf(arena, "%s/%s", objects->public_url,
		                    key + strlen(OBJECTS_PUBLIC));
	return objects->backend->url(objects->store, arena, origin, key);
}
