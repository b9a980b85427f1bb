#include "node/media_files.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "web/reply.h"
#include "web/uri.h"

/* How long a link to the other store is valid to which a request is sent on. */
enum { ELSEWHERE_S = 15 * 60 };

/* A picture can run nothing, whatever it contains. */
static const char POLICY[] = "default-src 'none'; sandbox";

static struct {
	struct objects *objects;
	unsigned puts; /* at the moment */
} media;

void media_files_start(struct objects *objects)
{
	media.objects = objects;
}

const char *media_files_store(struct arena *arena)
{
	return objects_put_origin(media.objects, arena);
}

/* A pair of the query, decoded. False when it cannot be. */
static bool decode_pair(struct arena *arena, const struct uri_pair *pair, struct sigv4_pair *ret)
{
	char *name = arena_alloc(arena, pair->name_length + 1);
	char *value = arena_alloc(arena, pair->value_length + 1);

	*ret = (struct sigv4_pair){name, value};
	return uri_decode(pair->name, pair->name_length, true, name) &&
	       uri_decode(pair->value, pair->value_length, true, value);
}

static void read_query(struct request *rq, struct sigv4_pair pairs[SIGV4_PAIRS_MAX],
                       size_t *ret_count)
{
	const char *at = http_query(rq->http);
	struct uri_pair pair;
	size_t count = 0;

	while (uri_next_pair(&at, &pair))
		if (count == SIGV4_PAIRS_MAX ||
		    !decode_pair(rq->task.arena, &pair, &pairs[count++]))
			task_end(&rq->task, PROBLEM_INVALID, "The query is not one of a link.");
	*ret_count = count;
}

/* The headers that the query names as signed. */
static void read_headers(struct request *rq, const struct sigv4_call *call,
                         struct sigv4_pair headers[SIGV4_PAIRS_MAX], size_t *ret_count)
{
	char *names = NULL, *name;
	size_t count = 0;

	for (size_t i = 0; i < call->query_count; i++)
		if (strcmp(call->query[i].name, "X-Amz-SignedHeaders") == 0)
			names = arena_strdup(rq->task.arena, call->query[i].value);
	while (names != NULL && (name = strsep(&names, ";")) != NULL) {
		const char *value = http_header(rq->http, name);

		if (value == NULL || strcmp(name, "host") == 0)
			continue; /* verification notices what is missing */
		if (count == SIGV4_PAIRS_MAX || http_header_repeated(rq->http, name))
			task_end(&rq->task, PROBLEM_INVALID,
			         "The headers are not those of a link.");
		headers[count++] = (struct sigv4_pair){name, value};
	}
	*ret_count = count;
}

/* Ends the task unless the request has a link of ours for this method and key. */
static void expect_link(struct request *rq, const char *key)
{
	struct sigv4_pair query[SIGV4_PAIRS_MAX], headers[SIGV4_PAIRS_MAX];
	struct sigv4_call call = {
	    .method = http_method(rq->http),
	    .host = http_header(rq->http, "Host"),
	    .path = arena_printf(rq->task.arena, OBJECTS_PATH "%s", key),
	    .query = query,
	    .headers = headers,
	};
	struct uri_pair ignored;

	if (!uri_find(http_query(rq->http), "X-Amz-Signature", &ignored) || call.host == NULL)
		task_end(&rq->task, PROBLEM_LINK_REFUSED, "This needs a signed link.");
	read_query(rq, query, &call.query_count);
	read_headers(rq, &call, headers, &call.header_count);
	switch (objects_verify(media.objects, rq->task.arena, &call)) {
	case SIGV4_VALID:
		return;
	case SIGV4_MALFORMED:
		task_end(&rq->task, PROBLEM_INVALID, "The signature of the link is not complete.");
	case SIGV4_EXPIRED:
		task_end(&rq->task, PROBLEM_LINK_REFUSED, "The link has expired.");
	case SIGV4_NOT_YET:
		task_end(&rq->task, PROBLEM_LINK_REFUSED, "The link is not valid yet.");
	case SIGV4_FORGED:
		break;
	}
	task_end(&rq->task, PROBLEM_LINK_REFUSED,
	         "The link is not for this request: its method, path, host, query or a signed "
	         "header differ.");
}

_Noreturn static void end_failed(struct request *rq, int rc)
{
	if (rc == -ENOSPC)
		task_end(&rq->task, PROBLEM_STORAGE_FULL, "The disk is full.");
	if (rc == -ECONNRESET)
		task_end(&rq->task, PROBLEM_INVALID, "The client disconnected.");
	task_end(&rq->task, PROBLEM_UNAVAILABLE,
	         "The store of files is not available at the moment.");
}

/* An object_read_fn: fills the buffer, so that the disk is visited seldom. A client that sends
 * nothing for long is given up. */
static long read_body(void *arg, char *bytes, size_t size)
{
	struct request *rq = arg;
	long count = http_read_whole(rq->http, bytes, size, LIMIT_REQUEST_MS);

	return count < 0 ? -ECONNRESET : count;
}

/* The server has counted the body against Content-Length (net/framing.h). */
static void expect_length(struct request *rq)
{
	const char *length = http_header(rq->http, "Content-Length");

	assert(rq->operation->body_bytes_max == LIMIT_UPLOAD_PART_BYTES); /* of the contract */
	if (length == NULL)
		task_end(&rq->task, PROBLEM_INVALID, "Content-Length is required.");
	if (strtoull(length, NULL, 10) > rq->operation->body_bytes_max)
		task_end(&rq->task, PROBLEM_TOO_LARGE, "A part has at most %zu bytes.",
		         rq->operation->body_bytes_max);
}

/* PUT /media/incoming/{upload_id}/{part} */
void put_upload_part(struct request *rq, const struct put_upload_part_in *in)
{
	char id[UUID_TEXT_LENGTH + 1];
	const char *key;
	int rc;

	uuid_format(in->upload_id, id);
	key = arena_printf(rq->task.arena, OBJECTS_INCOMING "%s/%" PRId32, id, in->part);
	expect_link(rq, key);
	expect_length(rq);
	if (!objects_go_to_folder(media.objects))
		task_end(&rq->task, PROBLEM_LINK_REFUSED,
		         "Files are sent elsewhere now: ask for a new link.");
	if (media.puts >= LIMIT_FILE_PUTS)
		task_end(&rq->task, PROBLEM_OVERLOADED, "Too many files are sent at the moment.");
	media.puts++;
	rc = objects_put_stream(media.objects, key, read_body, rq, rq->task.deadline_ms);
	assert(media.puts > 0);
	media.puts--;
	if (rc < 0)
		end_failed(rq, rc);
	reply_send(rq, 200, NULL, "", 0);
}

/* Where it is when it is not in a folder: a client follows the link. */
static void send_on(struct request *rq, const char *key)
{
	const char *url;
	int rc = objects_elsewhere(media.objects, rq->task.arena, key, ELSEWHERE_S,
	                           rq->task.deadline_ms, &url);

	if (rc == -ENOENT)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "No file at this path.");
	if (rc < 0)
		end_failed(rq, rc);
	reply_header(rq, "Cache-Control", OBJECTS_PRIVATE_CACHE);
	reply_header(rq, "Location", url);
	reply_send(rq, 307, NULL, "", 0);
}

static void reply_object(struct request *rq, const char *key, const char *cache_control)
{
	const char *name = strrchr(key, '/') + 1;
	int64_t bytes;
	int fd, rc;

	rc = objects_file(media.objects, key, &fd, &bytes);
	if (rc == -ENOENT) {
		send_on(rq, key);
		return;
	}
	if (rc < 0)
		end_failed(rq, rc);
	reply_header(rq, "Cache-Control", cache_control);
	reply_header(rq, "Content-Security-Policy", POLICY);
	reply_header(rq, "Cross-Origin-Resource-Policy", "cross-origin");
	reply_header(rq, "Content-Disposition",
	             arena_printf(rq->task.arena, "%s; filename=\"%s\"",
	                          object_is_shown(key) ? "inline" : "attachment", name));
	/* The same key has the same bytes. */
	reply_file(rq, object_content_type(key),
	           arena_printf(rq->task.arena, "\"%s\"", strchr(key, '/') + 1), fd, bytes);
}

/* A key of these segments; ends the task when there is none. */
static const char *key_of(struct request *rq, const char *prefix, const char *group,
                          const char *file)
{
	const char *key = arena_printf(rq->task.arena, "%s%s/%s", prefix, group, file);

	if (!object_key_is_valid(key))
		task_end(&rq->task, PROBLEM_NOT_FOUND, "No file at this path.");
	return key;
}

/* GET /media/public/{group}/{file} */
void get_public_file(struct request *rq, const struct get_public_file_in *in)
{
	reply_object(rq, key_of(rq, OBJECTS_PUBLIC, in->group, in->file), OBJECTS_PUBLIC_CACHE);
}

/* GET /media/private/{group}/{file} */
void get_private_file(struct request *rq, const struct get_private_file_in *in)
{
	const char *key = key_of(rq, OBJECTS_PRIVATE, in->group, in->file);

	expect_link(rq, key);
	reply_object(rq, key, OBJECTS_PRIVATE_CACHE);
}
