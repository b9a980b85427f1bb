/*
 * Links to the files of uploads, made while the JSON of an answer is written.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "shop/media/media.h"
#include "shop/media/purposes.h"
#include "shop/media/upload.h"

enum { SCRATCH_BYTES = 1024 * 1024 }; /* signing takes 8 KB, new credentials some more */

struct media_links {
	struct request *rq;
	const char *visibility;
	struct arena *scratch; /* while a link is made: a page may have thousands */
};

static void release(void *links)
{
	arena_free(((struct media_links *)links)->scratch);
}

struct media_links *media_links_new(struct request *rq, bool is_private)
{
	struct media_links *links = arena_alloc(rq->task.arena, sizeof(*links));

	links->rq = rq;
	links->visibility = is_private ? "private" : "public";
	arena_defer(rq->task.arena, release, links);
	return links;
}

static const char *sign(struct media_links *links, const char *key)
{
	struct task *task = &links->rq->task;
	const char *url;
	int rc;

	links->scratch = arena_new(SCRATCH_BYTES, task_arena_full, task);
	rc = objects_presign_get(media_objects(), links->scratch, request_origin(links->rq), key,
	                         LIMIT_PRIVATE_LINK_S, task->deadline_ms, &url);
	if (rc < 0)
		media_end_store(task, rc);
	url = arena_strdup(task->arena, url);
	arena_free(links->scratch);
	links->scratch = NULL;
	return url;
}

static const char *link_to(struct media_links *links, const char *key)
{
	struct task *task = &links->rq->task;

	assert(!db_has_transaction(task));
	return strcmp(links->visibility, "public") == 0
	           ? objects_url(media_objects(), task->arena, request_origin(links->rq), key)
	           : sign(links, key);
}

static const char *rendition_key(struct arena *arena, const char *visibility, const char *group,
                                 int64_t width, const char *format)
{
	return arena_printf(arena, "%s/%s/%" PRId64 ".%s", visibility, group, width, format);
}

static const char *original_key(struct arena *arena, const char *visibility, const char *group,
                                const char *content_type)
{
	const struct file_type *type = file_type_of(content_type);

	assert(type != NULL && type->kind != FILE_IMAGE);
	return arena_printf(arena, "%s/%s/original.%s", visibility, group, type->extension);
}

const char *media_link(void *arg, const char *group, int64_t width, const char *format)
{
	struct media_links *links = arg;

	return link_to(
	    links, rendition_key(links->rq->task.arena, links->visibility, group, width, format));
}

const char *media_link_file(struct media_links *links, const char *group, const char *content_type)
{
	return link_to(links,
	               original_key(links->rq->task.arena, links->visibility, group, content_type));
}

const char *media_file_key(struct arena *arena, const struct media_object *object)
{
	if (object->width == NULL)
		return original_key(arena, object->visibility, object->group, object->content_type);
	assert(object->format != NULL);
	return rendition_key(arena, object->visibility, object->group, *object->width,
	                     object->format);
}

int64_t media_links_expire(void)
{
	return clock_now_us() + (int64_t)LIMIT_PRIVATE_LINK_S * 1000 * 1000;
}

void media_rewrite(struct request *rq, struct rows *rows, const char *column,
                   rows_rewrite_fn *write)
{
	struct media_showing *showing = arena_alloc(rq->task.arena, sizeof(*showing));

	*showing = (struct media_showing){rq, media_links_new(rq, true)};
	rows_rewrite(rows, column, write, showing);
}
