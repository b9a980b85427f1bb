#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shop/media/process_internal.h"
#include "shop/media/upload.h"

enum {
	PIECE_BYTES = 1024 * 1024, /* held in memory of a part */
	PUBLISH_MS = 40 * 1000,    /* for a worker; half the pixels that are allowed take 5 s */
	AVIF_MS = 4 * 60 * 1000,
	FRAMES_MAX = 500,
};

/* Reading. */

static int append(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return 0;
}

/* The next piece of a part. Returns its bytes, or -errno; *ret_total is of the part. */
static int64_t read_piece(struct media_work *work, const char *key, int64_t offset,
                          crypto_hash_sha256_state *hash, int64_t *ret_total)
{
	struct arena *arena = arena_new(2 * PIECE_BYTES, NULL, NULL);
	struct object_piece piece;
	int rc = objects_get(media_objects(), arena, key, offset, PIECE_BYTES,
	                     work_store_deadline(work), &piece);

	if (rc == 0)
		rc = append(work->original, piece.bytes, piece.length);
	if (rc == 0) {
		crypto_hash_sha256_update(hash, (const unsigned char *)piece.bytes, piece.length);
		*ret_total = piece.total;
	}
	int64_t length = rc < 0 ? rc : (int64_t)piece.length;

	arena_free(arena);
	return length;
}

static enum work_outcome read_part(struct media_work *work, int32_t number,
                                   crypto_hash_sha256_state *hash)
{
	const char *key = upload_part_key(work->task.arena, work->row->id, number);
	int64_t expected = upload_part_bytes(*work->row->bytes, number);
	int64_t total = expected;

	for (int64_t offset = 0; offset < expected;) {
		int64_t count = read_piece(work, key, offset, hash, &total);

		if (count == -ENOENT || (count >= 0 && total != expected))
			return work_failed(work, UPLOAD_FAILURE_MISSING_BYTES);
		if (count <= 0)
			return work_store_failed(work, count < 0 ? (int)count : -EIO);
		offset += count;
	}
	return WORK_GOOD;
}

enum work_outcome work_read(struct media_work *work)
{
	crypto_hash_sha256_state hash;

	assert(work->original < 0 && work->row->bytes != NULL && work->row->part_count != NULL);
	work->original = memfd_create("original", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (work->original < 0)
		return work_later(work, "no memory for a file");
	crypto_hash_sha256_init(&hash);
	for (int32_t number = 1; number <= *work->row->part_count; number++) {
		enum work_outcome outcome = read_part(work, number, &hash);

		if (outcome != WORK_GOOD)
			return outcome;
	}
	crypto_hash_sha256_final(&hash, work->sha256);
	if (fcntl(work->original, F_ADD_SEALS, MEDIA_SEALS) != 0)
		return work_later(work, "a file cannot be sealed");
	if (work->row->sha256 != NULL &&
	    memcmp(work->row->sha256->data, work->sha256, SHA256_BYTES) != 0)
		return work_failed(work, UPLOAD_FAILURE_CHECKSUM_MISMATCH);
	return WORK_GOOD;
}

/* Examining. */

static enum upload_failure_choice failure_of(enum media_failure failure)
{
	switch (failure) {
	case MEDIA_EMPTY:
		return UPLOAD_FAILURE_MISSING_BYTES;
	case MEDIA_NOT_THIS_TYPE:
		return UPLOAD_FAILURE_NOT_THIS_TYPE;
	case MEDIA_TOO_MANY_PIXELS:
	case MEDIA_TOO_MANY_FRAMES:
		return UPLOAD_FAILURE_TOO_MANY_PIXELS;
	case MEDIA_DAMAGED:
		return UPLOAD_FAILURE_DAMAGED;
	case MEDIA_TOO_COMPLEX:
	case MEDIA_FAILURE_END:
		break;
	}
	return UPLOAD_FAILURE_TOO_COMPLEX;
}

static bool has_made(const struct media_examined *examined, uint32_t width, uint32_t format)
{
	for (size_t i = 0; i < examined->count; i++)
		if (examined->made[i].what.width == width &&
		    examined->made[i].what.format == format)
			return true;
	return false;
}

/* Each width in each format, once; the worker is not trusted. */
static bool is_whole(const struct media_examined *examined, uint32_t formats)
{
	size_t expected = 0;

	for (uint32_t i = 0; i < examined->facts.widths_count; i++)
		for (uint32_t format = 0; format < MEDIA_FORMAT_COUNT; format++) {
			if ((MEDIA_SET(format) & formats) == 0)
				continue;
			expected++;
			if (!has_made(examined, examined->facts.widths[i], format))
				return false;
		}
	return examined->count == expected;
}

const uint32_t UPLOAD_WIDTHS[UPLOAD_WIDTHS_COUNT] = {160, 320, 640, 1280, 2048};

_Static_assert((int)UPLOAD_WIDTHS_COUNT <= (int)MEDIA_WIDTHS_MAX, "a request has room");

enum work_outcome work_examine(struct media_work *work, uint32_t formats)
{
	struct media_request request = {
	    .version = MEDIA_PROTOCOL_VERSION,
	    .bytes = (uint64_t)*work->row->bytes,
	    .types = work_types(work),
	    .formats = formats,
	    .max_pixels = LIMIT_MEDIA_PIXELS,
	    .max_frames = FRAMES_MAX,
	    .deadline_ms = (formats & MEDIA_SET(MEDIA_AS_AVIF)) != 0 ? AVIF_MS : PUBLISH_MS,
	    .widths_count = UPLOAD_WIDTHS_COUNT,
	};
	int rc;

	memcpy(request.widths, UPLOAD_WIDTHS, sizeof(UPLOAD_WIDTHS));
	rc = work->hand->examine(work->hand->arg, &request, work->original, &work->examined);
	if (rc == -ECHILD)
		return WORK_AGAIN;
	if (rc < 0)
		return work_later(work, "no worker can be started");
	if (work->examined.failure != 0)
		return work_failed(work, failure_of(work->examined.failure));
	return is_whole(&work->examined, formats) ? WORK_GOOD
	                                          : work_failed(work, UPLOAD_FAILURE_TOO_COMPLEX);
}
