#include "store/objects.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/objects_folder_internal.h"
#include "store/sigv4.h"

struct store {
	const struct object_backend *backend; /* NULL: there is none */
	void *of;
};

struct objects {
	struct objects_settings settings;
	struct store first, second; /* enum objects_where */
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

bool object_is_shown(const char *key)
{
	return strncmp(object_content_type(key), "image/", 6) == 0;
}

static int open_store(struct objects *objects, const struct object_backend *backend,
                      struct store *ret)
{
	int rc = backend->open(&objects->settings, &ret->of);

	if (rc == 0)
		ret->backend = backend;
	return rc;
}

int objects_open(const struct objects_settings *settings, struct objects **ret)
{
	bool in_s3 =
	    settings->where == OBJECTS_IN_S3 || settings->where == OBJECTS_IN_S3_THEN_FOLDER;
	struct objects *objects = calloc(1, sizeof(*objects));
	int rc;

	if (objects == NULL)
		return -ENOMEM;
	objects->settings = *settings;
	rc = open_store(objects, in_s3 ? &S3_BACKEND : &FOLDER_BACKEND, &objects->first);
	if (rc == 0 && settings->where >= OBJECTS_IN_FOLDER_THEN_S3)
		rc = open_store(objects, in_s3 ? &FOLDER_BACKEND : &S3_BACKEND, &objects->second);
	if (rc < 0) {
		objects_close(objects);
		return rc;
	}
	*ret = objects;
	return 0;
}

static void close_store(const struct store *store)
{
	if (store->backend != NULL)
		store->backend->close(store->of);
}

void objects_close(struct objects *objects)
{
	if (objects == NULL)
		return;
	close_store(&objects->first);
	close_store(&objects->second);
	free(objects);
}

bool object_outages_none(const struct outage outages[OBJECT_ACCESS_COUNT])
{
	for (int access = 0; access < OBJECT_ACCESS_COUNT; access++)
		if (outage_is_on(&outages[access]))
			return false;
	return true;
}

static bool is_up(const struct store *store)
{
	return store->backend == NULL || store->backend->is_up(store->of);
}

bool objects_are_up(const struct objects *objects)
{
	return is_up(&objects->first) && is_up(&objects->second);
}

int objects_put_stream(struct objects *objects, const char *key, object_read_fn *read, void *arg,
                       int64_t deadline_ms)
{
	assert(object_key_is_valid(key));
	return objects->first.backend->put(objects->first.of, key, read, arg, deadline_ms);
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
	const struct store *first = &objects->first, *second = &objects->second;
	int rc;

	assert(object_key_is_valid(key));
	assert(offset >= 0 && length_max >= 1 && length_max <= OBJECT_PIECE_BYTES);
	rc = first->backend->get(first->of, arena, key, offset, length_max, deadline_ms, ret);
	if (rc == -ENOENT && second->backend != NULL)
		rc = second->backend->get(second->of, arena, key, offset, length_max, deadline_ms,
		                          ret);
	return rc;
}

int objects_head(struct objects *objects, const char *key, int64_t deadline_ms, int64_t *ret_bytes)
{
	const struct store *first = &objects->first, *second = &objects->second;
	int rc;

	assert(object_key_is_valid(key));
	rc = first->backend->head(first->of, key, deadline_ms, ret_bytes);
	if (rc == -ENOENT && second->backend != NULL)
		rc = second->backend->head(second->of, key, deadline_ms, ret_bytes);
	return rc;
}

/* In the store that has it: the other one is read, too. */
int objects_copy(struct objects *objects, const char *from, const char *to, int64_t deadline_ms)
{
	const struct store *first = &objects->first, *second = &objects->second;
	int rc;

	assert(object_key_is_valid(from) && object_key_is_valid(to) && strcmp(from, to) != 0);
	rc = first->backend->copy(first->of, from, to, deadline_ms);
	if (rc == -ENOENT && second->backend != NULL)
		rc = second->backend->copy(second->of, from, to, deadline_ms);
	return rc;
}

/* The second store first: what moves objects from it looks there again after each of them, and
 * takes back what was deleted meanwhile. */
int objects_delete(struct objects *objects, const char *key, int64_t deadline_ms)
{
	const struct store *first = &objects->first, *second = &objects->second;
	int rc = 0;

	assert(object_key_is_valid(key));
	if (second->backend != NULL)
		rc = second->backend->remove(second->of, key, deadline_ms);
	return rc < 0 ? rc : first->backend->remove(first->of, key, deadline_ms);
}

/* Of two sorted lists one, of at most count_max entries; keys of both are there once. */
static size_t merge(size_t a_count, const struct object_entry *a, size_t b_count,
                    const struct object_entry *b, size_t count_max, struct object_entry *ret)
{
	size_t count = 0, at = 0, bt = 0;

	while (count < count_max && (at < a_count || bt < b_count)) {
		int order = at == a_count ? 1 : bt == b_count ? -1 : strcmp(a[at].key, b[bt].key);

		ret[count++] = order <= 0 ? a[at] : b[bt];
		at += order <= 0;
		bt += order >= 0;
	}
	return count;
}

int objects_list(struct objects *objects, struct arena *arena, const char *prefix,
                 const char *after, size_t count_max, int64_t deadline_ms, size_t *ret_count,
                 struct object_entry **ret)
{
	const struct store *first = &objects->first, *second = &objects->second;
	struct object_entry *a, *b, *both;
	size_t a_count, b_count;
	int rc;

	assert(count_max >= 1 && count_max <= OBJECT_LIST_MAX);
	assert(strlen(prefix) <= OBJECT_KEY_MAX && strlen(after) <= OBJECT_KEY_MAX);
	rc = first->backend->list(first->of, arena, prefix, after, count_max, deadline_ms, &a_count,
	                          &a);
	if (rc == 0 && second->backend != NULL) {
		rc = second->backend->list(second->of, arena, prefix, after, count_max, deadline_ms,
		                           &b_count, &b);
		if (rc < 0)
			return rc;
		both = arena_array(arena, count_max, sizeof(both[0]));
		a_count = merge(a_count, a, b_count, b, count_max, both);
		a = both;
	}
	if (rc == 0) {
		*ret_count = a_count;
		*ret = a;
	}
	return rc;
}

int objects_presign_put(struct objects *objects, struct arena *arena, const char *origin,
                        const char *key, int64_t bytes, int64_t expires_s, int64_t deadline_ms,
                        const char **ret_url)
{
	assert(object_key_is_valid(key) && bytes > 0);
	assert(expires_s >= 1 && expires_s <= SIGV4_EXPIRES_MAX_S);
	return objects->first.backend->presign(objects->first.of, arena, origin, key, bytes,
	                                       expires_s, deadline_ms, ret_url);
}

/* Links to what may be in either store lead to our server, which looks. */
static const struct store *linked(const struct objects *objects)
{
	return objects->settings.where == OBJECTS_IN_S3_THEN_FOLDER ? &objects->second
	                                                            : &objects->first;
}

int objects_presign_get(struct objects *objects, struct arena *arena, const char *origin,
                        const char *key, int64_t expires_s, int64_t deadline_ms,
                        const char **ret_url)
{
	const struct store *store = linked(objects);

	assert(object_key_is_valid(key) && expires_s >= 1 && expires_s <= SIGV4_EXPIRES_MAX_S);
	return store->backend->presign(store->of, arena, origin, key, -1, expires_s, deadline_ms,
	                               ret_url);
}

const char *objects_url(const struct objects *objects, struct arena *arena, const char *origin,
                        const char *key)
{
	const struct store *store = linked(objects);
	const char *public_url = objects->settings.public_url;

	assert(strncmp(key, OBJECTS_PUBLIC, strlen(OBJECTS_PUBLIC)) == 0);
	if (public_url[0] != '\0')
		return arena_printf(arena, "%s/%s", public_url, key + strlen(OBJECTS_PUBLIC));
	return store->backend->url(store->of, arena, origin, key);
}

enum sigv4_verdict objects_verify(const struct objects *objects, struct arena *arena,
                                  const struct sigv4_call *call)
{
	return folder_verify(&objects->settings, arena, call);
}

/* The store of the two that is this one; NULL: neither is. */
static const struct store *store_of(const struct objects *objects,
                                    const struct object_backend *backend)
{
	if (objects->first.backend == backend)
		return &objects->first;
	return objects->second.backend == backend ? &objects->second : NULL;
}

int objects_file(struct objects *objects, const char *key, int *ret_fd, int64_t *ret_bytes)
{
	const struct store *store = store_of(objects, &FOLDER_BACKEND);

	assert(object_key_is_valid(key));
	return store == NULL ? -ENOENT : folder_file(store->of, key, ret_fd, ret_bytes);
}

int objects_elsewhere(struct objects *objects, struct arena *arena, const char *key,
                      int64_t expires_s, int64_t deadline_ms, const char **ret_url)
{
	const struct store *store = store_of(objects, &S3_BACKEND);

	assert(object_key_is_valid(key) && expires_s >= 1 && expires_s <= SIGV4_EXPIRES_MAX_S);
	if (store == NULL)
		return -ENOENT;
	if (objects->settings.where == OBJECTS_IN_S3 &&
	    strncmp(key, OBJECTS_PUBLIC, strlen(OBJECTS_PUBLIC)) == 0) {
		*ret_url = objects_url(objects, arena, "", key);
		return 0;
	}
	return store->backend->presign(store->of, arena, "", key, -1, expires_s, deadline_ms,
	                               ret_url);
}

bool objects_go_to_folder(const struct objects *objects)
{
	return objects->first.backend == &FOLDER_BACKEND;
}

const char *objects_put_origin(const struct objects *objects, struct arena *arena)
{
	const struct store *store = &objects->first;
	const char *url, *host;

	if (objects_go_to_folder(objects))
		return NULL;
	url = store->backend->url(store->of, arena, "", OBJECTS_INCOMING);
	host = strstr(url, "://");
	assert(host != NULL);
	host += strlen("://");
	return arena_printf(arena, "%.*s", (int)(host - url + (long)strcspn(host, "/")), url);
}
