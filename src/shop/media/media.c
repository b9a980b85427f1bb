/*
 * What other areas need of uploads: those that inputs name, and where pictures are read.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "fetch.sql.h"
#include "media.sql.h"
#include "shop/image.h"
#include "shop/media/media.h"
#include "shop/media/upload.h"

static const struct uploads_named_row *row_of(size_t count, const struct uploads_named_row rows[],
                                              struct uuid id)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(rows[i].id, id))
			return &rows[i];
	return NULL;
}

/* Pictures of products and of their variants are the same to those who send them. */
static bool fits(enum upload_purpose_choice wanted, const char *purpose)
{
	bool of_product =
	    wanted == UPLOAD_PURPOSE_PRODUCT_IMAGE || wanted == UPLOAD_PURPOSE_VARIANT_IMAGE;

	return strcmp(purpose, UPLOAD_PURPOSE_NAMES[wanted]) == 0 ||
	       (of_product &&
	        (strcmp(purpose, UPLOAD_PURPOSE_NAMES[UPLOAD_PURPOSE_PRODUCT_IMAGE]) == 0 ||
	         strcmp(purpose, UPLOAD_PURPOSE_NAMES[UPLOAD_PURPOSE_VARIANT_IMAGE]) == 0));
}

static void check(struct db *db, enum upload_purpose_choice purpose, const char *field,
                  const struct uploads_named_row *row)
{
	if (row == NULL)
		task_end_field(db_task(db), field, "unknown", "Upload not found.");
	if (!fits(purpose, row->purpose))
		task_end_field(db_task(db), field, "purpose", "The upload is a %s, not a %s.",
		               row->purpose, UPLOAD_PURPOSE_NAMES[purpose]);
	if (strcmp(row->state, "ready") != 0)
		task_end_field(db_task(db), field, "not_ready", "The upload is %s, not ready.",
		               row->state);
}

const struct media_file *media_find_files(struct db *db, enum upload_purpose_choice purpose,
                                          size_t count, const struct media_name names[])
{
	struct arena *arena = db_task(db)->arena;
	struct media_file *files = arena_alloc(arena, sizeof(files[0]) * (count + 1));
	struct uuid *ids = arena_alloc(arena, sizeof(ids[0]) * (count + 1));
	const struct uploads_named_row *rows;
	size_t found;

	if (count == 0)
		return files;
	for (size_t i = 0; i < count; i++)
		ids[i] = names[i].id;
	rows = sql_uploads_named_rows(
	    db, sql_uploads_named(db, (struct uuid_array){.count = count, .items = ids}), &found);
	assert(found <= count);
	for (size_t i = 0; i < count; i++) {
		const struct uploads_named_row *row = row_of(found, rows, names[i].id);

		check(db, purpose, names[i].field, row);
		assert(row->content_type != NULL && row->bytes != NULL); /* it is ready */
		files[i] = (struct media_file){row->facts, row->content_type, *row->bytes,
		                               row->source_url};
	}
	return files;
}

const char *const *media_find(struct db *db, enum upload_purpose_choice purpose, size_t count,
                              const struct media_name names[])
{
	const struct media_file *files = media_find_files(db, purpose, count, names);
	const char **facts = arena_alloc(db_task(db)->arena, sizeof(facts[0]) * (count + 1));

	for (size_t i = 0; i < count; i++)
		facts[i] = files[i].facts;
	return facts;
}

const char *media_keep(struct db *db, enum upload_purpose_choice purpose,
                       const struct uploaded_image_input_in *image, const char *field)
{
	struct arena *arena = db_task(db)->arena;
	struct buf buf = buf_new(arena, 512);
	struct json json = json_new(&buf);
	struct media_name name;

	if (image == NULL)
		return NULL;
	name = (struct media_name){image->upload_id, arena_printf(arena, "%s/upload_id", field)};
	image_keep(&json, NULL, image->alt, *media_find(db, purpose, 1, &name));
	return buf.data;
}

const char *const *media_by_url(struct db *db, enum upload_purpose_choice purpose, size_t count,
                                const char *const urls[])
{
	struct arena *arena = db_task(db)->arena;
	const char **facts = arena_alloc(arena, sizeof(facts[0]) * (count + 1));
	struct uuid *ids = arena_alloc(arena, sizeof(ids[0]) * (count + 1));
	const struct uploads_queue_row *rows;
	size_t found;

	if (count == 0)
		return facts;
	for (size_t i = 0; i < count; i++)
		ids[i] = uuid_v7();
	rows = sql_uploads_queue_rows(
	    db,
	    sql_uploads_queue(db, UPLOAD_PURPOSE_NAMES[purpose], (struct text_array){count, urls},
	                      (struct uuid_array){count, ids}, LIMIT_FETCH_AGAIN_S),
	    &found);
	for (size_t i = 0; i < found; i++) {
		assert(rows[i].number >= 1 && (size_t)rows[i].number <= count);
		facts[rows[i].number - 1] = rows[i].facts;
	}
	media_wake(db);
	return facts;
}

const char *media_url(struct arena *arena, const char *group, int64_t width, const char *format)
{
	return objects_url(
	    media_objects(), arena, "",
	    arena_printf(arena, OBJECTS_PUBLIC "%s/%" PRId64 ".%s", group, width, format));
}
