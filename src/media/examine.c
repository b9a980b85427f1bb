#include "media/examine.h"

#include <assert.h>

#include "media/file_check.h"
#include "media/magic.h"
#include "media/picture.h"
#include "media/render.h"

static enum media_failure examine_file(const struct media_request *request, enum media_type type,
                                       const uint8_t *bytes, const struct examine_sink *sink)
{
	enum media_type found = file_check(type, bytes, request->bytes);
	bool damaged = found == MEDIA_TYPE_UNKNOWN;

	assert(!media_is_picture(found) && found < MEDIA_TYPE_COUNT);
	if ((MEDIA_SET(damaged ? type : found) & request->types) == 0)
		return MEDIA_NOT_THIS_TYPE;
	if (damaged)
		return MEDIA_DAMAGED;
	sink->facts(request, &(struct media_facts){.type = found});
	return 0;
}

enum media_failure examine(const struct media_request *request, const uint8_t *bytes,
                           const struct examine_sink *sink)
{
	enum media_type type = media_magic(bytes, request->bytes);
	struct picture picture;
	enum media_failure failure;

	assert(bytes != NULL && request->bytes > 0);
	if (type == MEDIA_TYPE_UNKNOWN)
		return MEDIA_NOT_THIS_TYPE;
	if (!media_is_picture(type))
		return examine_file(request, type, bytes, sink);
	if ((MEDIA_SET(type) & request->types) == 0)
		return MEDIA_NOT_THIS_TYPE;
	failure = picture_open(request, type, bytes, &picture);
	if (failure == 0) {
		assert(picture.image != NULL && picture.facts.type == (uint32_t)type);
		sink->facts(request, &picture.facts);
		failure = render(request, &picture, sink);
		picture_close(&picture);
	}
	return failure;
}
