#include "media/examine.h"

#include "media/answer.h"
#include "media/magic.h"

enum media_failure examine(const struct media_request *request, const uint8_t *bytes)
{
	enum media_type type = media_magic(bytes, request->bytes);

	if ((MEDIA_SET(type) & request->types) == 0)
		return MEDIA_NOT_THIS_TYPE;
	if (media_is_picture(type))
		return MEDIA_TOO_COMPLEX;
	answer_facts(request, &(struct media_facts){.type = type});
	return 0;
}
