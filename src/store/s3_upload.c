#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/s3_internal.h"

enum {
	/* Responses of all attempts of all calls, and twice the list of parts, 1 MB. */
	UPLOAD_ARENA_BYTES = 16 * 1024 * 1024,
	PARTS_MAX = 10000, /* S3's bound */
};

/* The next bytes, as many as fit unless they end. Returns how many, or -errno. */
static long fill(object_read_fn *read, void *arg, char *bytes, size_t size)
{
	size_t filled = 0;

	while (filled < size) {
		long count = read(arg, bytes + filled, size - filled);

		if (count < 0)
			return count;
		assert(count <= (long)(size - filled));
		if (count == 0)
			break;
		filled += (size_t)count;
	}
	return (long)filled;
}

static int put_whole(struct s3 *s3, struct arena *arena, const char *key, const char *bytes,
                     size_t length, int64_t deadline_ms)
{
	struct sigv4_pair headers[S3_OBJECT_HEADERS_MAX];
	struct s3_call call = {
	    .method = "PUT", .key = key, .headers = headers, .body = bytes, .body_length = length};
	struct http_client_response response;

	call.header_count = s3_object_headers(s3, key, headers);
	return s3_expect_success(s3_send(s3, arena, &call, deadline_ms, &response), &response);
}

/* An upload in parts. */
struct upload {
	struct s3 *s3;
	struct arena *arena;
	const char *key;
	const char *id;
	struct buf parts; /* of the XML that completes it */
	int64_t deadline_ms;
};

static int begin_upload(struct upload *upload)
{
	static const struct sigv4_pair QUERY[] = {{"uploads", ""}};
	struct sigv4_pair headers[S3_OBJECT_HEADERS_MAX];
	struct s3_call call = {.method = "POST",
	                       .key = upload->key,
	                       .query = QUERY,
	                       .query_count = 1,
	                       .headers = headers};
	struct http_client_response response;
	int rc;

	call.header_count = s3_object_headers(upload->s3, upload->key, headers);
	rc = s3_expect_success(
	    s3_send(upload->s3, upload->arena, &call, upload->deadline_ms, &response), &response);
	if (rc < 0)
		return rc;
	upload->id = s3_xml_text(upload->arena, response.body, response.body_length, "UploadId");
	return upload->id == NULL ? -EIO : 0;
}

static int send_part(struct upload *upload, int number, const char *bytes, size_t length)
{
	struct arena *arena = arena_new(UPLOAD_ARENA_BYTES, NULL, NULL);
	char text[16];
	const struct sigv4_pair query[] = {{"partNumber", text}, {"uploadId", upload->id}};
	const struct s3_call call = {.method = "PUT",
	                             .key = upload->key,
	                             .query = query,
	                             .query_count = 2,
	                             .body = bytes,
	                             .body_length = length};
	struct http_client_response response;
	const char *etag;
	int rc;

	assert(number >= 1 && number <= PARTS_MAX && upload->id != NULL);
	assert(length >= 1 && length <= OBJECT_PIECE_BYTES);
	snprintf(text, sizeof(text), "%d", number);
	rc = s3_expect_success(s3_send(upload->s3, arena, &call, upload->deadline_ms, &response),
	                       &response);
	etag = rc == 0 ? http_client_header(&response, "etag") : NULL;
	if (rc == 0 && etag == NULL)
		rc = -EIO;
	if (rc == 0)
		buf_printf(&upload->parts,
		           "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", number, etag);
	arena_free(arena);
	return rc;
}

/* S3 may answer 200 and fail nevertheless: the body has the error then. */
static int complete_upload(struct upload *upload)
{
	const struct sigv4_pair query[] = {{"uploadId", upload->id}};
	static const struct sigv4_pair HEADERS[] = {{"content-type", "application/xml"}};
	const char *body =
	    arena_printf(upload->arena, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
	                 upload->parts.data);
	const struct s3_call call = {.method = "POST",
	                             .key = upload->key,
	                             .query = query,
	                             .query_count = 1,
	                             .headers = HEADERS,
	                             .header_count = 1,
	                             .body = body,
	                             .body_length = strlen(body)};
	struct http_client_response response;
	int rc = s3_expect_success(
	    s3_send(upload->s3, upload->arena, &call, upload->deadline_ms, &response), &response);

	if (rc == 0 &&
	    s3_xml_text(upload->arena, response.body, response.body_length, "Code") != NULL)
		rc = -EAGAIN;
	return rc;
}

/* When this fails, the lifecycle rule of the bucket removes the parts. */
static void abort_upload(struct upload *upload)
{
	const struct sigv4_pair query[] = {{"uploadId", upload->id}};
	const struct s3_call call = {
	    .method = "DELETE", .key = upload->key, .query = query, .query_count = 1};
	struct http_client_response response;

	(void)!s3_send(upload->s3, upload->arena, &call, upload->deadline_ms, &response);
}

/* `bytes` has the first piece and room for one. */
static int put_parts(struct upload *upload, char *bytes, object_read_fn *read, void *arg)
{
	long length = OBJECT_PIECE_BYTES;
	int rc = begin_upload(upload);

	if (rc < 0)
		return rc;
	for (int number = 1; rc == 0 && length > 0; number++) {
		rc = number > PARTS_MAX ? -EIO : send_part(upload, number, bytes, (size_t)length);
		if (rc == 0)
			length = fill(read, arg, bytes, OBJECT_PIECE_BYTES);
		if (length < 0)
			rc = (int)length;
	}
	if (rc == 0)
		rc = complete_upload(upload);
	if (rc < 0)
		abort_upload(upload);
	return rc;
}

int s3_put(void *store, const char *key, object_read_fn *read, void *arg, int64_t deadline_ms)
{
	struct upload upload = {.s3 = store, .key = key, .deadline_ms = deadline_ms};
	char *bytes = malloc(OBJECT_PIECE_BYTES);
	long length;
	int rc;

	if (bytes == NULL)
		return -ENOMEM;
	upload.arena = arena_new(UPLOAD_ARENA_BYTES, NULL, NULL);
	upload.parts = buf_new(upload.arena, 1024);
	length = fill(read, arg, bytes, OBJECT_PIECE_BYTES);
	if (length < 0)
		rc = (int)length;
	else if (length < OBJECT_PIECE_BYTES)
		rc = put_whole(store, upload.arena, key, bytes, (size_t)length, deadline_ms);
	else
		rc = put_parts(&upload, bytes, read, arg);
	arena_free(upload.arena);
	free(bytes);
	return rc;
}
