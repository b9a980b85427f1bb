/*
 * The schema Upload, with links for what is to be sent and to what is ready.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_tree.h"
#include "shop/image.h"
#include "shop/media/media.h"
#include "shop/media/upload.h"

const char *upload_part_key(struct arena *arena, struct uuid id, int32_t number)
{
	char text[UUID_TEXT_LENGTH + 1];

	assert(number >= 1 && number <= LIMIT_UPLOAD_PARTS);
	uuid_format(id, text);
	return arena_printf(arena, OBJECTS_INCOMING "%s/%d", text, (int)number);
}

int32_t upload_part_count(int64_t bytes)
{
	assert(bytes > 0 && bytes <= LIMIT_UPLOAD_BYTES);
	return (int32_t)((bytes + LIMIT_UPLOAD_PART_BYTES - 1) / LIMIT_UPLOAD_PART_BYTES);
}

int64_t upload_part_bytes(int64_t bytes, int32_t number)
{
	int64_t rest = bytes - (int64_t)(number - 1) * LIMIT_UPLOAD_PART_BYTES;

	assert(number >= 1 && rest > 0);
	return rest < LIMIT_UPLOAD_PART_BYTES ? rest : LIMIT_UPLOAD_PART_BYTES;
}

int32_t upload_received(struct task *task, const struct upload_own_row *row,
                        bool ret[LIMIT_UPLOAD_PARTS])
{
	const char *first = upload_part_key(task->arena, row->id, 1);
	const char *prefix = arena_printf(task->arena, "%.*s", (int)(strlen(first) - 1), first);
	struct object_entry *entries;
	int32_t missing = row->part_count;
	size_t count;
	int rc = objects_list(media_objects(), task->arena, prefix, "", OBJECT_LIST_MAX,
	                      task->deadline_ms, &count, &entries);

	if (rc < 0)
		media_end_store(task, rc);
	memset(ret, 0, sizeof(ret[0]) * LIMIT_UPLOAD_PARTS);
	for (size_t i = 0; i < count; i++) {
		long number = strtol(entries[i].key + strlen(prefix), NULL, 10);

		if (number < 1 || number > row->part_count || ret[number - 1] ||
		    entries[i].bytes != upload_part_bytes(row->bytes, (int32_t)number))
			continue;
		ret[number - 1] = true;
		missing--;
	}
	return missing;
}

static const char *link_to_put(struct request *rq, const struct upload_own_row *row, int32_t number)
{
	const char *url;
	int rc = objects_presign_put(media_objects(), rq->task.arena, request_origin(rq),
	                             upload_part_key(rq->task.arena, row->id, number),
	                             upload_part_bytes(row->bytes, number), LIMIT_UPLOAD_LINK_S,
	                             rq->task.deadline_ms, &url);

	if (rc < 0)
		media_end_store(&rq->task, rc);
	return url;
}

static void put_parts(struct request *rq, const struct upload_own_row *row, struct json *json)
{
	bool received[LIMIT_UPLOAD_PARTS];

	upload_received(&rq->task, row, received);
	json_open_array(json);
	for (int32_t number = 1; number <= row->part_count; number++) {
		json_open_object(json);
		json_put_int(json, "number", number);
		json_put_int(json, "offset", (int64_t)(number - 1) * LIMIT_UPLOAD_PART_BYTES);
		json_put_int(json, "bytes", upload_part_bytes(row->bytes, number));
		json_put_str(json, "url", link_to_put(rq, row, number));
		json_key(json, "received");
		json_bool(json, received[number - 1]);
		json_close_object(json);
	}
	json_close_array(json);
}

static void put_target(struct request *rq, const struct upload_own_row *row, struct json *json)
{
	bool whole = row->part_count == 1;

	json_open_object(json);
	json_put_str(json, "method", "PUT");
	json_put_str(json, "url", whole ? link_to_put(rq, row, 1) : NULL);
	json_key(json, "headers");
	json_open_object(json);
	json_put_str(json, "Content-Type", object_content_type("1"));
	json_close_object(json);
	json_put_time(json, "expires_at",
	              clock_now_us() + (int64_t)LIMIT_UPLOAD_LINK_S * 1000 * 1000);
	json_key(json, "parts");
	if (whole)
		json_nil(json);
	else
		put_parts(rq, row, json);
	json_close_object(json);
}

static const char *failure_text(const char *failure)
{
	static const struct {
		const char *failure, *text;
	} TEXTS[] = {
	    {"expired", "The bytes did not come in time."},
	    {"missing_bytes", "Some of the bytes are missing."},
	    {"checksum_mismatch", "The bytes have another SHA-256 than was announced."},
	    {"not_this_type", "The file is of another type than was announced."},
	    {"too_many_pixels", "The image has too many pixels or frames."},
	    {"damaged", "The file is damaged."},
	    {"too_complex", "Reading the file needs too much memory or time."},
	    {"too_large", "The file is too large."},
	    {"unreachable", "The server of the file did not answer."},
	    {"refused", "The server of the file refused to send it."},
	    {"not_found", "The server has no such file."},
	    {"quota_exceeded", "The vendor stores too many files."},
	};

	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
		if (strcmp(TEXTS[i].failure, failure) == 0)
			return TEXTS[i].text;
	assert(false); /* a failure of the contract without a text */
	return "";
}

static void put_failure(const char *failure, struct json *json)
{
	json_open_object(json);
	json_put_str(json, "code", failure);
	json_put_str(json, "message", failure_text(failure));
	json_close_object(json);
}

static struct media_links *links_of(struct request *rq, const struct upload_own_row *row)
{
	return media_links_new(rq, strcmp(row->visibility, "private") == 0);
}

static void put_file(struct request *rq, const struct upload_own_row *row, struct json *json)
{
	json_open_object(json);
	json_put_str(json, "url",
	             media_link_file(links_of(rq, row), row->object_group, row->content_type));
	json_put_time(json, "expires_at", media_links_expire());
	json_put_int(json, "bytes", row->bytes);
	json_put_str(json, "content_type", row->content_type);
	json_close_object(json);
}

static void put_image(struct request *rq, const struct upload_own_row *row, struct json *json)
{
	image_write_facts(json, json_of_database(rq->task.arena, row->facts, strlen(row->facts)),
	                  "", media_link, links_of(rq, row));
}

/* The members that are null but in one state. */
static void put_by_state(struct request *rq, const struct upload_own_row *row, struct json *json)
{
	bool ready = strcmp(row->state, "ready") == 0;
	bool is_image = row->facts != NULL;

	json_key(json, "failure");
	if (row->failure != NULL)
		put_failure(row->failure, json);
	else
		json_nil(json);
	json_key(json, "upload");
	if (strcmp(row->state, "waiting") == 0)
		put_target(rq, row, json);
	else
		json_nil(json);
	json_key(json, "image");
	if (is_image)
		put_image(rq, row, json);
	else
		json_nil(json);
	json_key(json, "file");
	if (ready && !is_image)
		put_file(rq, row, json);
	else
		json_nil(json);
}

void upload_write(struct request *rq, const struct upload_own_row *row, struct buf *body)
{
	struct json json = json_new(body);

	assert(!db_has_transaction(&rq->task));
	json_open_object(&json);
	json_put_uuid(&json, "id", row->id);
	json_put_str(&json, "purpose", row->purpose);
	json_key(&json, "vendor_id");
	if (row->vendor_id != NULL)
		json_uuid(&json, *row->vendor_id);
	else
		json_nil(&json);
	json_put_str(&json, "state", row->state);
	json_put_str(&json, "content_type", row->content_type);
	json_put_int(&json, "bytes", row->bytes);
	json_put_time(&json, "created_at", row->created_at);
	put_by_state(rq, row, &json);
	json_close_object(&json);
}
