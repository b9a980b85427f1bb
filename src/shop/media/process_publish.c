#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "shop/feed/feed.h"
#include "shop/media/process_internal.h"
#include "shop/media/purposes.h"
#include "shop/media/upload.h"

/* Belongs to the key of objects: the next version makes others. */
#define PIPELINE "sebez media 1"

enum { GROUP_BYTES = 16 };

const char *upload_group(struct arena *arena, struct uuid owner_id,
                         const uint8_t sha256[SHA256_BYTES])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char *group = arena_alloc(arena, (size_t)GROUP_BYTES * 2 + 1);
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, owner_id.bytes, sizeof(owner_id.bytes));
	crypto_hash_sha256_update(&state, sha256, SHA256_BYTES);
	crypto_hash_sha256_update(&state, (const unsigned char *)PIPELINE, sizeof(PIPELINE) - 1);
	crypto_hash_sha256_final(&state, hash);
	hex_encode(hash, GROUP_BYTES, group);
	return group;
}

static void write_event(struct media_work *work, struct db *tx)
{
	if (work->row->account_id != NULL)
		feed_write_upload_ready(tx, *work->row->account_id,
		                        &(struct event_upload_ready){
		                            .upload_id = work->row->id,
		                            .purpose = purpose_named(work->row->purpose),
		                        });
}

/* Takes the group for this upload, or the objects that another upload of the owner has made of the
 * same bytes: then it is ready, and *ret_shared. */
static enum work_outcome take_group(struct media_work *work, bool *ret_shared)
{
	struct db *tx = db_begin(&work->task);
	struct bytes sha256 = {work->sha256, sizeof(work->sha256)};
	const char *outcome =
	    sql_upload_take_group_rows(tx,
	                               sql_upload_take_group(tx, work->row->id, work->group, sha256,
	                                                     work_content_types(work)),
	                               NULL)
	        ->outcome;

	*ret_shared = strcmp(outcome, "shared") == 0;
	if (*ret_shared)
		write_event(work, tx);
	db_commit(tx);
	return strcmp(outcome, "later") == 0
	           ? work_later(work, "objects of the same bytes are being deleted")
	           : WORK_GOOD;
}

static void fill_picture(const struct media_facts *facts, struct arena *arena,
                         struct upload_publish_args *args)
{
	static const char *const FORMATS[] = {"jpg", "webp"};
	int32_t *numbers = arena_array(arena, 3 + facts->widths_count, sizeof(*numbers));
	int64_t *near_hash = arena_alloc(arena, sizeof(*near_hash));
	struct bytes *thumbhash = arena_alloc(arena, sizeof(*thumbhash));

	numbers[0] = (int32_t)facts->width;
	numbers[1] = (int32_t)facts->height;
	numbers[2] = (int32_t)facts->color;
	for (uint32_t i = 0; i < facts->widths_count; i++)
		numbers[3 + i] = (int32_t)facts->widths[i];
	*near_hash = (int64_t)facts->near_hash;
	*thumbhash = (struct bytes){facts->thumbhash, facts->thumbhash_length};
	args->width = &numbers[0];
	args->height = &numbers[1];
	args->color = &numbers[2];
	args->widths = (struct int_array){facts->widths_count, &numbers[3]};
	args->near_hash = near_hash;
	args->thumbhash = thumbhash;
	args->animated = facts->frames > 1;
	args->formats = (struct text_array){2, FORMATS};
}

/* The state and its event in one transaction. Nothing happens when another process was faster. */
static void make_ready(struct media_work *work, int64_t bytes_stored)
{
	const struct media_facts *facts = &work->examined.facts;
	bool is_picture = media_is_picture(facts->type);
	struct upload_publish_args args = {
	    .id = work->row->id,
	    .work = is_picture ? "avif" : "tidy",
	    .sha256 = {work->sha256, sizeof(work->sha256)},
	    .bytes = *work->row->bytes,
	    .content_type = work_content_type(facts->type),
	    .bytes_stored = bytes_stored,
	};
	struct db *tx = db_begin(&work->task);

	if (is_picture)
		fill_picture(facts, work->task.arena, &args);
	if (rows_count(sql_upload_publish(tx, &args)) == 0)
		return; /* rolls back */
	write_event(work, tx);
	db_commit(tx);
}

static enum work_outcome make(struct media_work *work)
{
	enum work_outcome outcome =
	    work_examine(work, MEDIA_SET(MEDIA_AS_JPEG) | MEDIA_SET(MEDIA_AS_WEBP));
	const struct file_type *type;
	int64_t bytes = 0;

	if (outcome != WORK_GOOD)
		return outcome;
	type = file_type_of(work_content_type(work->examined.facts.type));
	assert(type != NULL);
	if (*work->row->bytes > type->bytes_max)
		return work_failed(work, UPLOAD_FAILURE_TOO_LARGE);
	if (type->kind == FILE_IMAGE) {
		outcome = work_put_made(work, &bytes);
	} else {
		assert(strcmp(work->row->visibility, "private") == 0); /* as purposes are */
		outcome = work_put_original(work, type->extension);
		bytes = *work->row->bytes;
	}
	if (outcome == WORK_GOOD)
		make_ready(work, bytes);
	return outcome;
}

enum work_outcome work_publish(struct media_work *work)
{
	int64_t began_us = clock_now_us();
	bool is_shared = false;
	enum work_outcome outcome = work_read(work);

	if (outcome != WORK_GOOD)
		return outcome;
	work->group = upload_group(work->task.arena, work->row->owner_id, work->sha256);
	outcome = take_group(work, &is_shared);
	if (outcome == WORK_GOOD && !is_shared)
		outcome = make(work);
	if (outcome != WORK_GOOD)
		return outcome;
	media_counts.published++;
	media_counts.shared += is_shared;
	media_counts.busy_us += (uint64_t)(clock_now_us() - began_us);
	return WORK_GOOD;
}
