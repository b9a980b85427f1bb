/*
 * Handlers of uploads.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "shop/media/media.h"
#include "shop/media/purposes.h"
#include "shop/media/upload.h"
#include "web/reply.h"

enum { BODY_BYTES = 2048, SHA256_BYTES = 32 };

static void check_vendor(struct request *rq, const struct create_upload_in *in)
{
	bool of_vendor = purpose_of(in->purpose)->of_vendor;

	if (of_vendor && in->vendor_id == NULL)
		task_end_field(&rq->task, "/vendor_id", "required", "%s is sent for a vendor.",
		               UPLOAD_PURPOSE_NAMES[in->purpose]);
	if (!of_vendor && in->vendor_id != NULL)
		task_end_field(&rq->task, "/vendor_id", "unknown", "%s is not sent for a vendor.",
		               UPLOAD_PURPOSE_NAMES[in->purpose]);
}

static void check_file(struct request *rq, const struct create_upload_in *in)
{
	const struct purpose *purpose = purpose_of(in->purpose);
	const struct file_type *type = file_type_of(in->content_type);
	int64_t bytes_max;

	if (type == NULL || (type->kind & purpose->kinds) == 0)
		task_end_field(&rq->task, "/content_type", "enum", "%s cannot be of this type.",
		               UPLOAD_PURPOSE_NAMES[in->purpose]);
	bytes_max = type->kind == FILE_IMAGE && purpose->image_bytes_max < type->bytes_max
	                ? purpose->image_bytes_max
	                : type->bytes_max;
	if (in->bytes > bytes_max)
		task_end_field(&rq->task, "/bytes", "maximum", "must be at most %lld",
		               (long long)bytes_max);
}

static const struct bytes *read_sha256(struct request *rq, const struct create_upload_in *in)
{
	struct bytes *ret = arena_alloc(rq->task.arena, sizeof(*ret));
	uint8_t *hash = arena_alloc(rq->task.arena, SHA256_BYTES);

	if (in->sha256 == NULL)
		return NULL;
	if (!hex_decode(in->sha256, hash, SHA256_BYTES))
		task_end_field(&rq->task, "/sha256", "format",
		               "must be 64 hexadecimal digits in lower case");
	*ret = (struct bytes){hash, SHA256_BYTES};
	return ret;
}

/* The row of the caller, or 404. */
static const struct upload_own_row *row_of(struct request *rq, struct uuid id)
{
	struct db *db = db_of(&rq->task);

	return sql_upload_own_rows(db, sql_upload_own(db, id, rq->task.actor.account_id), NULL);
}

/* A ready upload of the caller with the same bytes for the same purpose, or NULL. */
static const struct upload_own_row *same_as(struct request *rq, const struct create_upload_in *in,
                                            const struct bytes *sha256)
{
	struct db *db = db_of(&rq->task);
	const struct upload_same_row *same;

	if (sha256 == NULL)
		return NULL;
	same = sql_upload_same_rows(db,
	                            sql_upload_same(db, rq->task.actor.account_id, in->vendor_id,
	                                            UPLOAD_PURPOSE_NAMES[in->purpose], *sha256),
	                            NULL);
	return same != NULL ? row_of(rq, same->id) : NULL;
}

struct upload_own_row upload_new_row(const struct create_upload_in *in)
{
	return (struct upload_own_row){
	    .id = uuid_v7(),
	    .vendor_id = in->vendor_id,
	    .purpose = UPLOAD_PURPOSE_NAMES[in->purpose],
	    .visibility = purpose_of(in->purpose)->is_private ? "private" : "public",
	    .state = "waiting",
	    .content_type = in->content_type,
	    .bytes = in->bytes,
	    .part_count = upload_part_count(in->bytes),
	    .created_at = clock_now_us(),
	};
}

struct upload_make_args upload_args(const struct upload_own_row *row,
                                    const struct create_upload_in *in, const struct bytes *sha256,
                                    bool is_known)
{
	const struct purpose *purpose = purpose_of(in->purpose);
	bool of_vendor = in->vendor_id != NULL;

	return (struct upload_make_args){
	    .id = row->id,
	    .is_known = is_known,
	    .purpose = row->purpose,
	    .visibility = row->visibility,
	    .vendor = in->vendor_id,
	    .staff_roles = (int32_t)purpose->staff_roles,
	    .admin_roles = (int32_t)purpose->admin_roles,
	    .address = "",
	    .content_type = in->content_type,
	    .bytes = in->bytes,
	    .part_count = upload_part_count(in->bytes),
	    .sha256 = sha256,
	    .created_at = row->created_at,
	    .send_s = LIMIT_UPLOAD_SEND_S,
	    .waiting_max = LIMIT_UPLOADS_WAITING,
	    .uploads_max = of_vendor ? LIMIT_VENDOR_UPLOADS : LIMIT_ACCOUNT_UPLOADS,
	    .bytes_max = (int64_t)(of_vendor ? LIMIT_VENDOR_UPLOAD_MIB : LIMIT_ACCOUNT_UPLOAD_MIB)
	                 << 20,
	};
}

/* POST /v1/uploads: links are made before the transaction, because they may need credentials. */
void create_upload(struct request *rq, const struct create_upload_in *in)
{
	struct buf body = buf_new(rq->task.arena, BODY_BYTES);
	const struct upload_own_row *known;
	struct upload_make_args args;
	struct upload_own_row made;
	const struct bytes *sha256;
	struct db *batch;
	char id[UUID_TEXT_LENGTH + 1];

	check_vendor(rq, in);
	check_file(rq, in);
	sha256 = read_sha256(rq, in);
	known = same_as(rq, in, sha256);
	made = known != NULL ? *known : upload_new_row(in);
	upload_write(rq, &made, &body);
	args = upload_args(&made, in, sha256, known != NULL);
	args.address = request_address(rq);
	uuid_format(made.id, id);
	if (known == NULL)
		reply_header(rq, "Location", arena_printf(rq->task.arena, "/v1/uploads/%s", id));
	batch = db_batch(&rq->task);
	sql_upload_make(batch, &args);
	reply_commit_json(rq, batch, known != NULL ? 200 : 201, &body);
}

/* GET /v1/uploads/{upload_id} */
void get_upload(struct request *rq, const struct get_upload_in *in)
{
	struct buf body = buf_new(rq->task.arena, BODY_BYTES);

	upload_write(rq, row_of(rq, in->upload_id), &body);
	reply_json(rq, 200, &body);
}

static void check_parts(struct request *rq, const struct upload_own_row *row)
{
	bool received[LIMIT_UPLOAD_PARTS];
	struct buf missing;

	if (upload_received(&rq->task, row, received) == 0)
		return;
	missing = buf_new(rq->task.arena, 64);
	for (int32_t number = 1; number <= row->part_count; number++)
		if (!received[number - 1])
			buf_printf(&missing, "%s%d", missing.length > 0 ? "," : "", (int)number);
	task_end_with(&rq->task, (struct problem){
	                             .code = PROBLEM_PARTS_MISSING,
	                             .detail = "Parts have not arrived, or not whole.",
	                             .extra = arena_printf(rq->task.arena, "\"missing_parts\":[%s]",
	                                                   missing.data),
	                         });
}

/* POST /v1/uploads/{upload_id}/complete */
void complete_upload(struct request *rq, const struct complete_upload_in *in)
{
	struct buf body = buf_new(rq->task.arena, BODY_BYTES);
	struct upload_own_row row = *row_of(rq, in->upload_id);
	struct db *batch;

	if (strcmp(row.state, "failed") == 0)
		task_end(&rq->task, PROBLEM_CONFLICT, "The upload has failed.");
	if (strcmp(row.state, "waiting") == 0) {
		check_parts(rq, &row);
		row.state = "processing";
	}
	upload_write(rq, &row, &body);
	batch = db_batch(&rq->task);
	sql_upload_complete(batch, in->upload_id);
	media_wake(batch);
	reply_commit_json(rq, batch, 202, &body);
}

/* DELETE /v1/uploads/{upload_id}: the job deletes its objects and the row. */
void delete_upload(struct request *rq, const struct delete_upload_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct upload_own_row *row = sql_upload_own_rows(
	    tx, sql_upload_own(tx, in->upload_id, rq->task.actor.account_id), NULL);

	assert(uuid_equal(row->id, in->upload_id));
	if (rows_count(sql_upload_remove(tx, in->upload_id)) == 0)
		task_end(&rq->task, PROBLEM_CONFLICT, "The upload is used.");
	db_commit(tx);
	reply_empty(rq);
}
