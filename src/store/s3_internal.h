/* s3_internal: the parts of the store in a bucket of S3. */
#ifndef SEBEZ_STORE_S3_INTERNAL_H
#define SEBEZ_STORE_S3_INTERNAL_H

#include "net/http_client.h"
#include "store/objects_internal.h"
#include "store/s3_credentials.h"
#include "store/sigv4.h"

enum { S3_ANSWER_BYTES = 64 * 1024 }; /* an error, or the result of an upload */

struct s3 {
	const struct objects_settings *settings;
	char *origin;        /* scheme and host of the bucket's URLs */
	char *public_origin; /* the same for clients */
	char *prefix;        /* of paths: "/" or "/<bucket>/" */
	struct s3_credentials *credentials;
	struct sigv4_day day; /* of the latest credentials */
	struct outage outages[OBJECT_ACCESS_COUNT];
};

/* A request of S3's API. Small: bodies are in memory. */
struct s3_call {
	const char *method;
	const char *key; /* "": the bucket */
	const struct sigv4_pair *query;
	size_t query_count;
	const struct sigv4_pair *headers; /* names in lower case */
	size_t header_count;
	const void *body;
	size_t body_length;
	size_t body_max; /* of the response; 0: S3_ANSWER_BYTES */
};

/*
 * s3_send: signs and sends, and again after a failure that may pass, while the deadline allows.
 *
 * Returns 0 with the response of a status 2xx, or of 304, 404 or 416, which the caller judges; else
 * an error of store/objects.h, whose reason the outage has.
 */
int s3_send(struct s3 *s3, struct arena *arena, const struct s3_call *call, int64_t deadline_ms,
            struct http_client_response *ret) __attribute__((warn_unused_result));

/* An answer that is none of S3's; returns -EAGAIN. */
int s3_nonsense(struct s3 *s3, const char *what);

/* Of rc and response of s3_send: 0 after a status 2xx, or an error of store/objects.h. */
int s3_expect_success(int rc, const struct http_client_response *response);

/* The headers of a request that creates an object; public ones may be cached for ever. Returns
 * their number. */
enum { S3_OBJECT_HEADERS_MAX = 4 };
size_t s3_object_headers(const struct s3 *s3, const char *key,
                         struct sigv4_pair ret[S3_OBJECT_HEADERS_MAX]);

/* In one request, or in parts of OBJECT_PIECE_BYTES. */
int s3_put(void *store, const char *key, object_read_fn *read, void *arg, int64_t deadline_ms);

/* The text of the first element of that name, of any depth; NULL when there is none, or this is no
 * XML. */
const char *s3_xml_text(struct arena *arena, const char *xml, size_t length, const char *name);

/* Contents of a ListBucketResult, at most count_max; *ret_more: there are more. -EPROTO: this is
 * none. */
int s3_xml_list(struct arena *arena, const char *xml, size_t length, size_t count_max,
                size_t *ret_count, struct object_entry **ret, bool *ret_more)
    __attribute__((warn_unused_result));

#endif
