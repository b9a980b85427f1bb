#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "media/file_check_internal.h"

enum {
	EBML = 0x1a45dfa3,
	DOC_TYPE = 0x4282,
	SEGMENT = 0x18538067,
	TRACKS = 0x1654ae6b,
	TRACK_ENTRY = 0xae,
	TRACK_TYPE = 0x83,
	CLUSTER = 0x1f43b675,
	VIDEO = 1,
	SOUND = 2,
};

struct element {
	uint32_t id;
	const uint8_t *content;
	size_t count;
};

/* A number of variable length; 0: there is none. An id keeps the bit that marks its length. */
static size_t number(const uint8_t *bytes, size_t count, bool keep_mark, uint64_t *ret)
{
	size_t length;
	uint64_t value;

	if (count == 0 || bytes[0] == 0)
		return 0;
	length = (size_t)__builtin_clz(bytes[0]) - 23; /* 32 bits, of which 24 are before it */
	assert(length >= 1 && length <= 8);
	if (length > count)
		return 0;
	value = keep_mark ? bytes[0] : bytes[0] & (0xffU >> length);
	for (size_t i = 1; i < length; i++)
		value = value << 8 | bytes[i];
	*ret = value;
	return length;
}

/* Takes the element at *at. One of unknown length, as recorders write them, has all that follows.
 * False at the end, and where it does not fit. */
static bool next_element(const uint8_t **at, size_t *left, struct element *ret)
{
	uint64_t id, length;
	size_t of_id = number(*at, *left, true, &id);
	size_t of_length =
	    of_id == 0 || of_id > 4 ? 0 : number(*at + of_id, *left - of_id, false, &length);
	size_t header = of_id + of_length;

	if (of_length == 0)
		return false;
	assert(header <= *left);
	if (length == (UINT64_C(1) << (7 * of_length)) - 1)
		length = *left - header;
	if (length > *left - header)
		return false;
	*ret = (struct element){(uint32_t)id, *at + header, (size_t)length};
	*at += header + length;
	*left -= header + (size_t)length;
	return true;
}

static bool find(const struct element *parent, uint32_t id, struct element *ret)
{
	const uint8_t *at = parent->content;
	size_t left = parent->count;

	while (next_element(&at, &left, ret))
		if (ret->id == id)
			return true;
	return false;
}

static enum media_type type_of_tracks(const struct element *tracks)
{
	const uint8_t *at = tracks->content;
	size_t left = tracks->count;
	struct element track, type;
	bool sound = false;

	while (next_element(&at, &left, &track)) {
		if (track.id != TRACK_ENTRY || !find(&track, TRACK_TYPE, &type) || type.count != 1)
			continue;
		if (type.content[0] == VIDEO)
			return MEDIA_WEBM;
		sound = sound || type.content[0] == SOUND;
	}
	return sound ? MEDIA_WEBM_AUDIO : MEDIA_TYPE_UNKNOWN;
}

enum media_type file_check_webm(const uint8_t *bytes, size_t count)
{
	struct element head, segment, found;
	const uint8_t *at = bytes;
	size_t left = count;

	if (!next_element(&at, &left, &head) || head.id != EBML || !find(&head, DOC_TYPE, &found) ||
	    found.count < 4 || memcmp(found.content, "webm", 4) != 0)
		return MEDIA_TYPE_UNKNOWN;
	if (!next_element(&at, &left, &segment) || segment.id != SEGMENT ||
	    !find(&segment, CLUSTER, &found) || !find(&segment, TRACKS, &found))
		return MEDIA_TYPE_UNKNOWN;
	return type_of_tracks(&found);
}
