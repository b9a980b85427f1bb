/*
 * objects: images and files by key, in a folder or in a bucket of S3.
 *
 * Keys are ours, never a client's: segments of lower-case letters, digits, '-', '_' and '.', with
 * slashes between, none of which begins with a dot (asserted). The first segment says who may read:
 * OBJECTS_PUBLIC anybody, for ever, so the key contains a hash of the bytes, which never change;
 * OBJECTS_PRIVATE whoever has a link that is signed for minutes; OBJECTS_INCOMING nobody but us:
 * what clients have sent and nobody has checked. The extension is the content type.
 *
 * Both stores promise: an object is whole or absent, also after a crash; what was put is seen by
 * every later call of any process; deleting what is not there succeeds. A put replaces.
 *
 * Calls suspend the fiber. Common errors:
 *   -ENOENT        no such object
 *   -ENOSPC        the disk is full
 *   -EACCES        the store refuses our credentials
 *   -EAGAIN        the store is away or overloaded, also after retries within the deadline
 *   -ETIMEDOUT     the deadline has passed
 *   -EIO           anything else; the log has why
 */
#ifndef SEBEZ_STORE_OBJECTS_H
#define SEBEZ_STORE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/sigv4.h"

#define OBJECTS_PUBLIC "public/"
#define OBJECTS_PRIVATE "private/"
#define OBJECTS_INCOMING "incoming/"

#define OBJECTS_PATH "/media/" /* before keys in links to our own server */

enum {
	OBJECT_KEY_MAX = 200, /* bytes */
	/* What is held in memory of one object; larger ones are sent to S3 in such parts (at least
	 * 5 MB by its rules), and read in such pieces. */
	OBJECT_PIECE_BYTES = 16 * 1024 * 1024,
	OBJECT_LIST_MAX = 1000, /* S3's page */
};

struct objects;

/* What is put goes to the first store. An object that it lacks is read from the second, and one
 * that is deleted is deleted in both: while objects move from one to the other. */
enum objects_where {
	OBJECTS_IN_FOLDER,
	OBJECTS_IN_S3,
	OBJECTS_IN_FOLDER_THEN_S3,
	OBJECTS_IN_S3_THEN_FOLDER,
};

/* Texts are not NULL, but for a store that is not used. */
struct objects_settings {
	enum objects_where where;
	const char *folder;
	const char *secret;          /* signs the links of the folder; 64 hexadecimal digits */
	const char *secret_previous; /* "", or whose links are valid too */
	const char *bucket;
	const char *endpoint;        /* "": https://s3.<region>.amazonaws.com */
	const char *public_endpoint; /* as clients reach it; "": the same */
	const char *region;
	const char *access_key; /* "": those of the environment, of ECS or of EC2 */
	const char *secret_key;
	const char *encryption; /* "", AES256 or aws:kms: asked for at each put */
	bool path_style;        /* the bucket is in the path, not in the host */
	/* Where public objects are read, without the prefix OBJECTS_PUBLIC: a CDN. "": from the
	 * store. */
	const char *public_url;
};

/* Makes the folder, when its own parent is there. Files belong to the owner of the folder, also
 * when root makes them. Returns -errno; the texts of the settings outlive the store. */
int objects_open(const struct objects_settings *settings, struct objects **ret)
    __attribute__((warn_unused_result));
void objects_close(struct objects *objects); /* NULL is fine */
/* The latest calls to read, to write and to delete did not fail for reasons of the store, as far as
 * there were any in the last minute. */
bool objects_are_up(const struct objects *objects);

bool object_key_is_valid(const char *key);
const char *object_content_type(const char *key);
/* A picture, which a browser shows; it saves all others as files. */
bool object_is_shown(const char *key);

/* Cache-Control of public objects, and of all others. */
#define OBJECTS_PUBLIC_CACHE "public, max-age=31536000, immutable"
#define OBJECTS_PRIVATE_CACHE "private, no-store"

/* The next bytes of what is put: as many as there are, up to size; 0 at the end, or -errno, which
 * the put returns. May suspend the fiber. */
typedef long object_read_fn(void *arg, char *bytes, size_t size);

int objects_put_stream(struct objects *objects, const char *key, object_read_fn *read, void *arg,
                       int64_t deadline_ms) __attribute__((warn_unused_result));
int objects_put(struct objects *objects, const char *key, const void *bytes, size_t length,
                int64_t deadline_ms) __attribute__((warn_unused_result));

struct object_piece {
	const char *bytes; /* in the arena */
	size_t length;     /* 0 at and beyond the end */
	int64_t total;     /* bytes of the object */
};

/* Bytes from `offset` on, at most length_max, which is 1 to OBJECT_PIECE_BYTES. */
int objects_get(struct objects *objects, struct arena *arena, const char *key, int64_t offset,
                size_t length_max, int64_t deadline_ms, struct object_piece *ret)
    __attribute__((warn_unused_result));

int objects_head(struct objects *objects, const char *key, int64_t deadline_ms, int64_t *ret_bytes)
    __attribute__((warn_unused_result));
int objects_copy(struct objects *objects, const char *from, const char *to, int64_t deadline_ms)
    __attribute__((warn_unused_result));
int objects_delete(struct objects *objects, const char *key, int64_t deadline_ms)
    __attribute__((warn_unused_result));

struct object_entry {
	const char *key;
	int64_t bytes;
	int64_t put_at_us; /* by the store's clock */
};

/* Objects whose keys begin with prefix and are greater than `after`, in the order of their bytes,
 * at most count_max (up to OBJECT_LIST_MAX); fewer than that are the last ones. */
int objects_list(struct objects *objects, struct arena *arena, const char *prefix,
                 const char *after, size_t count_max, int64_t deadline_ms, size_t *ret_count,
                 struct object_entry **ret) __attribute__((warn_unused_result));

/* For a client that sends an object without us: a PUT of exactly `bytes` bytes, with the content
 * type of the key.
 *
 *   origin     scheme and host of our own server, for the store in a folder
 *   expires_s  the link is valid for so long */
int objects_presign_put(struct objects *objects, struct arena *arena, const char *origin,
                        const char *key, int64_t bytes, int64_t expires_s, int64_t deadline_ms,
                        const char **ret_url) __attribute__((warn_unused_result));
int objects_presign_get(struct objects *objects, struct arena *arena, const char *origin,
                        const char *key, int64_t expires_s, int64_t deadline_ms,
                        const char **ret_url) __attribute__((warn_unused_result));
/*
 * Our own server's side of these links (node/media_files.c). Also when the store is in S3, it knows
 * links that it made before.
 *
 * objects_verify: whether the query of a call is one of ours, as sigv4_verify.
 *
 * objects_file: the object's file, when it is in a folder. The caller closes the descriptor. Its
 * bytes are in memory then, as far as the kernel keeps them. -ENOENT: it is in S3, or nowhere.
 *
 * objects_elsewhere: a link to the object in S3, valid for expires_s; without a signature when it
 * is public. -ENOENT: S3 is not used. Whether it is there is not known.
 */
enum sigv4_verdict objects_verify(const struct objects *objects, struct arena *arena,
                                  const struct sigv4_call *call);
bool objects_go_to_folder(const struct objects *objects); /* what is put now */
/* Scheme and host of the links of objects_presign_put; NULL: those of our own server. */
const char *objects_put_origin(const struct objects *objects, struct arena *arena);
int objects_file(struct objects *objects, const char *key, int *ret_fd, int64_t *ret_bytes)
    __attribute__((warn_unused_result));
int objects_elsewhere(struct objects *objects, struct arena *arena, const char *key,
                      int64_t expires_s, int64_t deadline_ms, const char **ret_url)
    __attribute__((warn_unused_result));

/* Of a public object. */
const char *objects_url(const struct objects *objects, struct arena *arena, const char *origin,
                        const char *key);

#endif
