#include "shop/returns/evidence.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/json_tree.h"
#include "base/limits.h"
#include "shop/image.h"
#include "shop/media/media.h"

static const char *kept(struct arena *arena, struct uuid id, const struct media_file *file)
{
	struct buf buf = buf_new(arena, 512);
	struct json json = json_new(&buf);

	json_open_object(&json);
	json_put_uuid(&json, "id", id);
	json_put_str(&json, "content_type", file->content_type);
	json_put_int(&json, "bytes", file->bytes);
	json_key(&json, "facts");
	json_raw(&json, file->facts, strlen(file->facts));
	json_close_object(&json);
	return buf.data;
}

const char *const *evidence_find(struct db *db, size_t count, const struct uuid ids[])
{
	struct arena *arena = db_task(db)->arena;
	struct media_name names[LIMIT_EVIDENCE_FILES];
	const char **files = arena_array(arena, count, sizeof(files[0]));
	const struct media_file *found;

	assert(count <= LIMIT_EVIDENCE_FILES); /* as the contract says */
	for (size_t i = 0; i < count; i++) {
		names[i] = (struct media_name){ids[i], arena_printf(arena, "/upload_ids/%zu", i)};
		for (size_t j = 0; j < i; j++)
			if (uuid_equal(ids[i], ids[j]))
				task_end_field(db_task(db), names[i].field, "duplicate",
				               "The upload is given already.");
	}
	found = media_find_files(db, UPLOAD_PURPOSE_RETURN_EVIDENCE, count, names);
	for (size_t i = 0; i < count; i++)
		files[i] = kept(arena, ids[i], &found[i]);
	return files;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void write_file(struct json *json, const json_t *file, struct media_links *links)
{
	const char *content_type = text_of(file, "content_type");
	const json_t *facts = json_object_get(file, "facts");
	bool is_image = strncmp(content_type, "image/", 6) == 0;

	json_open_object(json);
	json_put_str(json, "id", text_of(file, "id"));
	json_put_str(json, "content_type", content_type);
	json_put_int(json, "bytes", json_integer_value(json_object_get(file, "bytes")));
	json_key(json, "image");
	if (is_image)
		image_write_facts(json, facts, "", media_link, links);
	else
		json_nil(json);
	json_put_str(json, "url",
	             is_image ? NULL
	                      : media_link_file(links, text_of(facts, "group"), content_type));
	json_put_time(json, "expires_at", media_links_expire());
	json_close_object(json);
}

static void write_files(struct json *json, const json_t *files, struct media_links *links)
{
	json_open_array(json);
	for (size_t i = 0; i < json_array_size(files); i++)
		write_file(json, json_array_get(files, i), links);
	json_close_array(json);
}

/* A rows_rewrite_fn. */
static void rewrite(void *arg, struct json *json, const char *text, size_t length)
{
	const struct media_showing *showing = arg;
	const json_t *files = json_of_database(showing->rq->task.arena, text, length);

	assert(json_is_array(files));
	write_files(json, files, showing->links);
}

/* A rows_rewrite_fn. */
static void rewrite_statements(void *arg, struct json *json, const char *text, size_t length)
{
	const struct media_showing *showing = arg;
	const json_t *all = json_of_database(showing->rq->task.arena, text, length);

	assert(json_is_array(all));
	json_open_array(json);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);

		json_open_object(json);
		json_put_str(json, "by", text_of(one, "by"));
		json_put_str(json, "text", text_of(one, "text"));
		json_key(json, "files");
		write_files(json, json_object_get(one, "files"), showing->links);
		json_put_str(json, "created_at", text_of(one, "created_at"));
		json_close_object(json);
	}
	json_close_array(json);
}

void evidence_show(struct request *rq, struct rows *rows, const char *column)
{
	media_rewrite(rq, rows, column, rewrite);
}

void evidence_show_statements(struct request *rq, struct rows *rows, const char *column)
{
	media_rewrite(rq, rows, column, rewrite_statements);
}
