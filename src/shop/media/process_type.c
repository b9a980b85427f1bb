#include <assert.h>
#include <stddef.h>

#include "shop/media/process_internal.h"
#include "shop/media/purposes.h"

/* Those that a purpose allows; the kind and the extension are those of the content type. */
static const char *const CONTENT_TYPES[MEDIA_TYPE_COUNT] = {
    [MEDIA_JPEG] = "image/jpeg",
    [MEDIA_PNG] = "image/png",
    [MEDIA_WEBP] = "image/webp",
    [MEDIA_GIF] = "image/gif",
    [MEDIA_HEIC] = "image/heic",
    [MEDIA_AVIF] = "image/avif",
    [MEDIA_PDF] = "application/pdf",
    [MEDIA_M4A] = "audio/mp4",
    [MEDIA_OGG] = "audio/ogg",
    [MEDIA_MP3] = "audio/mpeg",
    [MEDIA_MP4] = "video/mp4",
    [MEDIA_WEBM] = "video/webm",
    [MEDIA_QUICKTIME] = "video/quicktime",
};

const char *work_content_type(uint32_t type)
{
	assert(type < MEDIA_TYPE_COUNT && CONTENT_TYPES[type] != NULL); /* as the request allowed */
	return CONTENT_TYPES[type];
}

uint32_t work_types(const struct media_work *work)
{
	const char *content_type = work->row->content_type;
	const struct file_type *declared = content_type != NULL ? file_type_of(content_type) : NULL;
	enum file_kind kind = declared != NULL ? declared->kind : FILE_IMAGE;
	uint32_t types = 0;

	/* Uploads are made with known types; those that are fetched are images. */
	assert((content_type == NULL) == (declared == NULL));
	for (uint32_t type = 0; type < MEDIA_TYPE_COUNT; type++)
		if (CONTENT_TYPES[type] != NULL && file_type_of(CONTENT_TYPES[type])->kind == kind)
			types |= MEDIA_SET(type);
	return types;
}

struct text_array work_content_types(const struct media_work *work)
{
	const char **names = arena_array(work->task.arena, MEDIA_TYPE_COUNT, sizeof(*names));
	uint32_t types = work_types(work);
	size_t count = 0;

	for (uint32_t type = 0; type < MEDIA_TYPE_COUNT; type++)
		if ((MEDIA_SET(type) & types) != 0)
			names[count++] = CONTENT_TYPES[type];
	return (struct text_array){count, names};
}
