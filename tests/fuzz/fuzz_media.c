/* Any bytes as a file, as a rendition of WebP, as a message, and as pixels: nothing reads beyond
 * them, a structure is of the family of its magic, and removing metadata twice is doing it once. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "media/file_check.h"
#include "media/look.h"
#include "media/magic.h"
#include "media/thumbhash.h"
#include "media/webp_bare.h"

static void as_file(const uint8_t *data, size_t size)
{
	enum media_type type = media_magic(data, size);
	enum media_type found;

	if (type == MEDIA_TYPE_UNKNOWN || media_is_picture(type))
		return;
	found = file_check(type, data, size);
	if (found >= MEDIA_TYPE_COUNT || media_is_picture(found))
		abort();
	if (type == MEDIA_PDF && found != MEDIA_PDF && found != MEDIA_TYPE_UNKNOWN)
		abort();
}

static void as_webp(uint8_t *copy, size_t size)
{
	size_t once = webp_bare(copy, size);

	if (once > size || webp_bare(copy, once) != once)
		abort();
}

/* The contract between the two programs bounds what the other one may rely on. */
static void as_messages(const uint8_t *data, size_t size)
{
	struct media_request request = {.version = 0};
	struct media_answer answer = {.version = 0};
	size_t first = size < sizeof(request) ? size : sizeof(request);
	size_t rest = size - first < sizeof(answer) ? size - first : sizeof(answer);

	memcpy(&request, data, first);
	memcpy(&answer, data + first, rest);
	if (!media_request_valid(&request, first))
		return;
	if (media_answer_valid(&answer, rest, &request, answer.kind == MEDIA_ANSWER_RENDITION) &&
	    answer.kind == MEDIA_ANSWER_FACTS &&
	    (answer.facts.thumbhash_length > sizeof(answer.facts.thumbhash) ||
	     answer.facts.widths_count > MEDIA_WIDTHS_MAX))
		abort();
}

static void as_pixels(const uint8_t *data, size_t size)
{
	uint8_t hash[THUMBHASH_BYTES_MAX];
	uint32_t width, height;
	size_t length;

	if (size < 2)
		return;
	width = data[0] % THUMBHASH_SIDE_MAX + 1;
	height = data[1] % THUMBHASH_SIDE_MAX + 1;
	if ((size - 2) / 4 < (size_t)width * height)
		return;
	length = thumbhash(width, height, data + 2, hash);
	if (length < 5 || length > sizeof(hash) || look_color(width, height, data + 2) > 0xffffff)
		abort();
	look_near_hash(width, height, data + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); /* of its own: a byte too far is found */

	memcpy(copy, data, size);
	as_file(data, size);
	as_messages(data, size);
	as_pixels(data, size);
	as_webp(copy, size);
	free(copy);
	return 0;
}
