#include "media/file_check.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/binary.h"
#include "media/file_check_internal.h"

enum {
	PDF_TAIL = 2048, /* readers look for the end of a PDF here */
	OGG_HEADER = 27,
	MP3_FRAMES = 3, /* in a row are no coincidence */
};

static bool contains(const uint8_t *bytes, size_t count, const char *text)
{
	return memmem(bytes, count, text, strlen(text)) != NULL;
}

static enum media_type check_pdf(const uint8_t *bytes, size_t count)
{
	size_t tail = count < PDF_TAIL ? count : PDF_TAIL;
	const uint8_t *end = bytes + (count - tail);
	bool version = count > 8 && (bytes[5] == '1' || bytes[5] == '2') && bytes[6] == '.';

	return version && contains(end, tail, "startxref") && contains(end, tail, "%%EOF")
	           ? MEDIA_PDF
	           : MEDIA_TYPE_UNKNOWN;
}

/* The length of the page at `bytes`, or 0. */
static size_t ogg_page(const uint8_t *bytes, size_t count)
{
	size_t length;

	if (count < OGG_HEADER || memcmp(bytes, "OggS", 5) != 0) /* and version 0 */
		return 0;
	length = OGG_HEADER + (size_t)bytes[26];
	if (count < length)
		return 0;
	for (size_t i = 0; i < bytes[26]; i++)
		length += bytes[OGG_HEADER + i];
	assert(length >= OGG_HEADER);
	return length <= count ? length : 0;
}

/* Pages up to the last byte, of which the first begins with Opus or Vorbis. */
static enum media_type check_ogg(const uint8_t *bytes, size_t count)
{
	size_t first = ogg_page(bytes, count);
	size_t start = first == 0 ? 0 : OGG_HEADER + (size_t)bytes[26];
	size_t at, length;

	if (first < start + 8 || (memcmp(bytes + start, "OpusHead", 8) != 0 &&
	                          memcmp(bytes + start, "\001vorbis", 7) != 0))
		return MEDIA_TYPE_UNKNOWN;
	for (at = 0; at < count; at += length) {
		length = ogg_page(bytes + at, count - at);
		if (length == 0)
			return MEDIA_TYPE_UNKNOWN;
		assert(length <= count - at);
	}
	return MEDIA_OGG;
}

/* The length of the frame of layer III at `bytes`, or 0. */
static size_t mp3_frame(const uint8_t *bytes, size_t count)
{
	static const uint16_t KBITS[2][16] = {
	    {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
	    {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}};
	static const uint16_t HERTZ[4] = {44100, 48000, 32000, 0};
	unsigned version, hertz, kbits;

	if (count < 4 || bytes[0] != 0xff || (bytes[1] & 0xe6) != 0xe2)
		return 0;
	version = bytes[1] >> 3 & 3; /* 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5 */
	hertz = HERTZ[bytes[2] >> 2 & 3];
	kbits = KBITS[version == 3][bytes[2] >> 4];
	if (version == 1 || hertz == 0 || kbits == 0)
		return 0;
	assert(version == 3 || version == 2 || version == 0);
	hertz >>= version == 3 ? 0 : version == 2 ? 1 : 2;
	return (version == 3 ? 144000U : 72000U) * kbits / hertz + (bytes[2] >> 1 & 1);
}

/* The length of an ID3v2 tag, which comes before the frames; 0: there is none. */
static size_t id3_length(const uint8_t *bytes, size_t count)
{
	if (count < 10 || memcmp(bytes, "ID3", 3) != 0)
		return 0;
	return 10 + ((size_t)(bytes[6] & 0x7f) << 21 | (size_t)(bytes[7] & 0x7f) << 14 |
	             (size_t)(bytes[8] & 0x7f) << 7 | (size_t)(bytes[9] & 0x7f));
}

static enum media_type check_mp3(const uint8_t *bytes, size_t count)
{
	size_t at = id3_length(bytes, count);

	for (int frame = 0; frame < MP3_FRAMES; frame++) {
		size_t length = at > count ? 0 : mp3_frame(bytes + at, count - at);

		if (length == 0 || length > count - at)
			return MEDIA_TYPE_UNKNOWN;
		at += length;
	}
	return MEDIA_MP3;
}

enum media_type file_check(enum media_type type, const uint8_t *bytes, size_t count)
{
	assert(type > MEDIA_AVIF && type < MEDIA_TYPE_COUNT); /* no picture */
	switch (type) {
	case MEDIA_PDF:
		return check_pdf(bytes, count);
	case MEDIA_OGG:
		return check_ogg(bytes, count);
	case MEDIA_MP3:
		return check_mp3(bytes, count);
	case MEDIA_WEBM:
		return file_check_webm(bytes, count);
	default:
		return file_check_iso(type, bytes, count);
	}
}
