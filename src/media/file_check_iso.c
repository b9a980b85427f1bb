#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/binary.h"
#include "media/file_check_internal.h"

struct span {
	const uint8_t *bytes;
	size_t count;
};

struct tracks {
	bool sound, video;
};

/* Takes the box at the beginning of *rest; false at its end, and *broken where it does not fit. */
static bool next_box(struct span *rest, char ret_name[4], struct span *ret_content, bool *broken)
{
	uint64_t length, header = 8;

	if (rest->count == 0)
		return false;
	*broken = true;
	if (rest->count < header)
		return false;
	length = (uint32_t)binary_int32(rest->bytes);
	memcpy(ret_name, rest->bytes + 4, 4);
	if (length == 1) {
		header = 16;
		if (rest->count < header)
			return false;
		length = (uint64_t)binary_int64(rest->bytes + 8);
	} else if (length == 0) {
		length = rest->count; /* to the end */
	}
	if (length < header || length > rest->count)
		return false;
	assert(length <= rest->count);
	*broken = false;
	*ret_content = (struct span){rest->bytes + header, (size_t)(length - header)};
	rest->bytes += length;
	rest->count -= (size_t)length;
	return true;
}

/* The first box of that name; broken boxes after it do not matter here. */
static struct span find(struct span boxes, const char *name)
{
	struct span content;
	char found[4];
	bool broken = false;

	while (next_box(&boxes, found, &content, &broken))
		if (memcmp(found, name, 4) == 0)
			return content;
	return (struct span){NULL, 0};
}

static void note_track(struct span track, struct tracks *tracks)
{
	struct span handler = find(find(track, "mdia"), "hdlr");

	if (handler.count < 12)
		return;
	tracks->sound = tracks->sound || memcmp(handler.bytes + 8, "soun", 4) == 0;
	tracks->video = tracks->video || memcmp(handler.bytes + 8, "vide", 4) == 0;
}

static bool note_tracks(struct span movie, struct tracks *tracks)
{
	struct span content;
	char name[4];
	bool broken = false;

	while (next_box(&movie, name, &content, &broken))
		if (memcmp(name, "trak", 4) == 0)
			note_track(content, tracks);
	return !broken;
}

enum media_type file_check_iso(enum media_type type, const uint8_t *bytes, size_t count)
{
	struct span file = {bytes, count}, content;
	struct tracks tracks = {false, false};
	bool movie = false, media = false, broken = false;
	char name[4];

	while (next_box(&file, name, &content, &broken)) {
		if (memcmp(name, "moov", 4) == 0)
			movie = note_tracks(content, &tracks);
		media = media || memcmp(name, "mdat", 4) == 0;
	}
	if (broken || !movie || !media || !(tracks.sound || tracks.video))
		return MEDIA_TYPE_UNKNOWN;
	assert(type == MEDIA_M4A || type == MEDIA_MP4 || type == MEDIA_QUICKTIME);
	if (!tracks.video)
		return MEDIA_M4A;
	return type == MEDIA_QUICKTIME ? MEDIA_QUICKTIME : MEDIA_MP4;
}
