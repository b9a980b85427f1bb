#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "shop/media/process_internal.h"
#include "shop/media/upload.h"

static const char *const EXTENSIONS[MEDIA_FORMAT_COUNT] = {
    [MEDIA_AS_JPEG] = "jpg", [MEDIA_AS_WEBP] = "webp", [MEDIA_AS_AVIF] = "avif"};

/* Memory that is read from its beginning. */
struct source {
	int fd;
	off_t offset, length; /* length: up to here */
};

static long read_source(void *arg, char *bytes, size_t size)
{
	struct source *source = arg;
	size_t left = (size_t)(source->length - source->offset);
	ssize_t count;

	do
		count = pread(source->fd, bytes, size < left ? size : left, source->offset);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	source->offset += count;
	return count;
}

int media_put_parts(struct arena *arena, struct uuid id, int fd, int64_t bytes, int64_t deadline_ms)
{
	int32_t count = upload_part_count(bytes);
	int rc = 0;

	for (int32_t number = 1; rc == 0 && number <= count; number++) {
		struct source source = {.fd = fd,
		                        .offset = (off_t)(number - 1) * LIMIT_UPLOAD_PART_BYTES};

		source.length = source.offset + upload_part_bytes(bytes, number);
		rc = objects_put_stream(media_objects(), upload_part_key(arena, id, number),
		                        read_source, &source, deadline_ms);
	}
	return rc;
}

static enum work_outcome put(struct media_work *work, const char *key, int fd, int64_t bytes)
{
	struct source source = {.fd = fd, .length = bytes};
	int rc = objects_put_stream(media_objects(), key, read_source, &source,
	                            work_store_deadline(work));

	return rc < 0 ? work_store_failed(work, rc) : WORK_GOOD;
}

enum work_outcome work_put_made(struct media_work *work, int64_t *ret_bytes)
{
	enum work_outcome outcome = WORK_GOOD;

	for (size_t i = 0; outcome == WORK_GOOD && i < work->examined.count; i++) {
		const struct media_rendition *what = &work->examined.made[i].what;
		const char *key =
		    arena_printf(work->task.arena, "%s/%s/%u.%s", work->row->visibility,
		                 work->group, what->width, EXTENSIONS[what->format]);

		outcome = put(work, key, work->examined.made[i].fd, what->bytes);
		*ret_bytes += what->bytes;
	}
	return outcome;
}

enum work_outcome work_put_original(struct media_work *work, const char *extension)
{
	return put(work,
	           arena_printf(work->task.arena, OBJECTS_PRIVATE "%s/original.%s", work->group,
	                        extension),
	           work->original, *work->row->bytes);
}
