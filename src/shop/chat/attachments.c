#include "shop/chat/attachments.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/json_tree.h"
#include "base/limits.h"
#include "chat.sql.h"
#include "shop/image.h"

static bool is_image(const struct media_file *file)
{
	return strncmp(file->content_type, "image/", 6) == 0;
}

static enum attachment_kind_choice kind_of(const struct media_file *file)
{
	if (is_image(file))
		return ATTACHMENT_KIND_IMAGE;
	if (strncmp(file->content_type, "audio/", 6) == 0)
		return ATTACHMENT_KIND_VOICE;
	if (strncmp(file->content_type, "video/", 6) == 0)
		return ATTACHMENT_KIND_VIDEO;
	return ATTACHMENT_KIND_FILE;
}

static const char *field(struct request *rq, size_t place, const char *name)
{
	return arena_printf(rq->task.arena, "/attachments/%zu/%s", place, name);
}

static void check_each_is_another(struct request *rq, const struct send_message_in *in)
{
	for (size_t i = 1; i < in->attachments_count; i++)
		for (size_t j = 0; j < i; j++)
			if (uuid_equal(in->attachments[i].upload_id, in->attachments[j].upload_id))
				task_end_field(&rq->task, field(rq, i, "upload_id"), "duplicate",
				               "The upload is attached already.");
}

const struct media_file *attachments_find(struct request *rq, const struct send_message_in *in)
{
	struct media_name names[LIMIT_MESSAGE_ATTACHMENTS];
	const struct media_file *files;

	assert(in->attachments_count <= LIMIT_MESSAGE_ATTACHMENTS); /* as the contract says */
	if (in->attachments_count == 0)
		return NULL;
	check_each_is_another(rq, in);
	for (size_t i = 0; i < in->attachments_count; i++)
		names[i] =
		    (struct media_name){in->attachments[i].upload_id, field(rq, i, "upload_id")};
	sql_conversation_parties(db_of(&rq->task), in->conversation_id); /* 404 comes first */
	files = media_find_files(db_of(&rq->task), UPLOAD_PURPOSE_CHAT_ATTACHMENT,
	                         in->attachments_count, names);
	for (size_t i = 0; i < in->attachments_count; i++)
		if (in->attachments[i].alt != NULL && !is_image(&files[i]))
			task_end_field(&rq->task, field(rq, i, "alt"), "unknown",
			               "Only an image has an alt text.");
	return files;
}

enum message_kind_choice attachments_kind(size_t count, const struct media_file files[])
{
	static const enum message_kind_choice KINDS[] = {
	    [ATTACHMENT_KIND_IMAGE] = MESSAGE_KIND_IMAGE,
	    [ATTACHMENT_KIND_FILE] = MESSAGE_KIND_FILE,
	    [ATTACHMENT_KIND_VOICE] = MESSAGE_KIND_VOICE,
	    [ATTACHMENT_KIND_VIDEO] = MESSAGE_KIND_VIDEO,
	};

	assert(count > 0);
	for (size_t i = 1; i < count; i++)
		if (kind_of(&files[i]) != kind_of(&files[0]))
			return MESSAGE_KIND_FILE;
	return KINDS[kind_of(&files[0])];
}

void attachment_keep(struct json *json, struct uuid id, const struct media_file *file,
                     const char *name, const char *alt)
{
	json_open_object(json);
	json_put_uuid(json, "id", id);
	json_put_str(json, "kind", ATTACHMENT_KIND_NAMES[kind_of(file)]);
	json_put_str(json, "name", name);
	json_put_str(json, "alt", alt);
	json_put_str(json, "content_type", file->content_type);
	json_put_int(json, "bytes", file->bytes);
	json_key(json, "facts");
	json_raw(json, file->facts, strlen(file->facts));
	json_close_object(json);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void write_file(struct json *json, const json_t *kept, struct media_links *links)
{
	const char *content_type = text_of(kept, "content_type");
	const char *group = text_of(json_object_get(kept, "facts"), "group");

	json_open_object(json);
	json_put_str(json, "url", media_link_file(links, group, content_type));
	json_put_int(json, "bytes", json_integer_value(json_object_get(kept, "bytes")));
	json_put_str(json, "content_type", content_type);
	json_close_object(json);
}

static void write_attachment(struct json *json, const json_t *kept, struct media_links *links)
{
	bool image = strcmp(text_of(kept, "kind"), "image") == 0;

	json_open_object(json);
	json_put_str(json, "id", text_of(kept, "id"));
	json_put_str(json, "kind", text_of(kept, "kind"));
	json_put_str(json, "name", text_of(kept, "name"));
	json_key(json, "image");
	if (image)
		image_write_facts(json, json_object_get(kept, "facts"), text_of(kept, "alt"),
		                  media_link, links);
	else
		json_nil(json);
	json_key(json, "file");
	if (image)
		json_nil(json);
	else
		write_file(json, kept, links);
	json_put_time(json, "expires_at", media_links_expire());
	json_close_object(json);
}

static void write_all(struct json *json, const json_t *kept, struct media_links *links)
{
	json_open_array(json);
	for (size_t i = 0; i < json_array_size(kept); i++)
		write_attachment(json, json_array_get(kept, i), links);
	json_close_array(json);
}

static const char NONE[] = "[]";

static const json_t *load(const struct media_showing *showing, const char *text, size_t length)
{
	const json_t *value = json_of_database(showing->rq->task.arena, text, length);

	assert(json_is_array(value));
	return value;
}

/* A rows_rewrite_fn. */
static void rewrite(void *arg, struct json *json, const char *text, size_t length)
{
	const struct media_showing *showing = arg;

	if (length == sizeof(NONE) - 1)
		json_raw(json, NONE, length);
	else
		write_all(json, load(showing, text, length), showing->links);
}

/* A rows_rewrite_fn: [{"action", "text", "attachments", "by", "at"}] of overseen_messages. */
static void rewrite_history(void *arg, struct json *json, const char *text, size_t length)
{
	static const char *const TEXTS[] = {"action", "text", "by", "at"};
	const struct media_showing *showing = arg;
	const json_t *changes = load(showing, text, length);

	json_open_array(json);
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *change = json_array_get(changes, i);

		json_open_object(json);
		for (size_t t = 0; t < sizeof(TEXTS) / sizeof(TEXTS[0]); t++)
			json_put_str(json, TEXTS[t], text_of(change, TEXTS[t]));
		json_key(json, "attachments");
		write_all(json, json_object_get(change, "attachments"), showing->links);
		json_close_object(json);
	}
	json_close_array(json);
}

void attachments_show(struct request *rq, struct rows *rows, const char *column)
{
	media_rewrite(rq, rows, column, rewrite);
}

void attachments_show_history(struct request *rq, struct rows *rows, const char *column)
{
	media_rewrite(rq, rows, column, rewrite_history);
}
