/*
 * give: pictures that come with the program, on the way that others' take.
 */
#include <assert.h>
#include <sodium.h>

#include "base/codec.h"
#include "process.sql.h"
#include "shop/image.h"
#include "shop/media/media.h"
#include "shop/media/upload.h"

/* As process_publish.c finds them; what it computes from the pixels comes when it has. */
static void put_facts(struct json *json, const struct media_given *given, struct uuid id,
                      const char *group)
{
	json_open_object(json);
	json_put_uuid(json, "id", id);
	json_put_str(json, "group", group);
	json_put_int(json, "width", given->width);
	json_put_int(json, "height", given->height);
	json_put_str(json, "thumbhash", NULL);
	json_put_str(json, "color", NULL);
	json_key(json, "widths");
	json_open_array(json);
	for (int i = 0; i < UPLOAD_WIDTHS_COUNT && (int32_t)UPLOAD_WIDTHS[i] < given->width; i++)
		json_int(json, UPLOAD_WIDTHS[i]);
	json_int(json, given->width);
	json_close_array(json);
	json_key(json, "formats");
	json_open_array(json);
	json_str(json, "jpg");
	json_str(json, "webp");
	json_close_array(json);
	json_close_object(json);
}

const char *media_give(struct task *task, struct objects *objects, const struct media_given *given)
{
	struct create_upload_in in = {
	    .purpose = given->purpose,
	    .vendor_id = given->vendor_id,
	    .content_type = given->content_type,
	    .bytes = (int64_t)given->length,
	};
	struct upload_own_row row = upload_new_row(&in);
	uint8_t sha256[crypto_hash_sha256_BYTES];
	struct bytes hash = {sha256, sizeof(sha256)};
	struct upload_make_args args = upload_args(&row, &in, &hash, false);
	struct buf facts = buf_new(task->arena, 512), kept = buf_new(task->arena, 512);
	struct json json = json_new(&facts), kept_json = json_new(&kept);
	struct uuid owner = given->vendor_id != NULL ? *given->vendor_id : task->actor.account_id;
	int rc;

	assert(row.part_count == 1 && given->width <= (int32_t)UPLOAD_WIDTHS[4]);
	crypto_hash_sha256(sha256, given->bytes, given->length);
	sql_upload_make(db_of(task), &args);
	rc = objects_put(objects, upload_part_key(task->arena, row.id, 1), given->bytes,
	                 given->length, task->deadline_ms);
	if (rc < 0)
		media_end_store(task, rc);
	sql_upload_import(db_as(task, PG_JOBS), row.id);
	put_facts(&json, given, row.id, upload_group(task->arena, owner, sha256));
	image_keep(&kept_json, NULL, given->alt, facts.data);
	return kept.data;
}
