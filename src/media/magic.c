#include "media/magic.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/binary.h"

static bool at(const uint8_t *bytes, size_t count, size_t offset, const char *text, size_t length)
{
	return count >= offset + length && memcmp(bytes + offset, text, length) == 0;
}

#define AT(offset, text) at(bytes, count, offset, text, sizeof(text) - 1)

/* Files of the ISO base media format, by the brand of their first box. */
static enum media_type of_brand(const uint8_t *brand)
{
	static const struct {
		char brand[5];
		enum media_type type;
	} BRANDS[] = {
	    {"avif", MEDIA_AVIF}, {"avis", MEDIA_AVIF},      {"heic", MEDIA_HEIC},
	    {"heix", MEDIA_HEIC}, {"hevc", MEDIA_HEIC},      {"hevx", MEDIA_HEIC},
	    {"heim", MEDIA_HEIC}, {"heis", MEDIA_HEIC},      {"M4A ", MEDIA_M4A},
	    {"M4B ", MEDIA_M4A},  {"qt  ", MEDIA_QUICKTIME}, {"isom", MEDIA_MP4},
	    {"iso2", MEDIA_MP4},  {"iso4", MEDIA_MP4},       {"iso5", MEDIA_MP4},
	    {"iso6", MEDIA_MP4},  {"mp41", MEDIA_MP4},       {"mp42", MEDIA_MP4},
	    {"avc1", MEDIA_MP4},  {"dash", MEDIA_MP4},       {"MSNV", MEDIA_MP4},
	    {"M4V ", MEDIA_MP4},  {"3gp4", MEDIA_MP4},       {"3gp5", MEDIA_MP4},
	    {"3gp6", MEDIA_MP4},
	};

	for (size_t i = 0; i < sizeof(BRANDS) / sizeof(BRANDS[0]); i++)
		if (memcmp(BRANDS[i].brand, brand, 4) == 0)
			return BRANDS[i].type;
	return MEDIA_TYPE_UNKNOWN;
}

/* mif1 and msf1 say only that it is a picture or a sequence of pictures: the compatible brands say
 * how they are coded. */
static enum media_type of_file_type_box(const uint8_t *bytes, size_t count)
{
	assert(count >= 12);
	uint32_t length = (uint32_t)binary_int32(bytes);
	enum media_type type = of_brand(bytes + 8);

	if (length < 16 || length > count)
		return MEDIA_TYPE_UNKNOWN;
	if (!AT(8, "mif1") && !AT(8, "msf1") && !AT(8, "mif2"))
		return type;
	for (uint32_t i = 16; i + 4 <= length; i += 4) {
		type = of_brand(bytes + i);
		if (type == MEDIA_HEIC || type == MEDIA_AVIF)
			return type;
	}
	return MEDIA_TYPE_UNKNOWN;
}

enum media_type media_magic(const uint8_t *bytes, size_t count)
{
	assert(bytes != NULL || count == 0);
	if (AT(0, "\xff\xd8\xff"))
		return MEDIA_JPEG;
	if (AT(0, "\x89PNG\r\n\x1a\n"))
		return MEDIA_PNG;
	if (AT(0, "GIF87a") || AT(0, "GIF89a"))
		return MEDIA_GIF;
	if (AT(0, "RIFF") && AT(8, "WEBP"))
		return MEDIA_WEBP;
	if (AT(0, "%PDF-"))
		return MEDIA_PDF;
	if (AT(0, "OggS"))
		return MEDIA_OGG;
	if (AT(0, "\x1a\x45\xdf\xa3"))
		return MEDIA_WEBM;
	if (count >= 12 && AT(4, "ftyp"))
		return of_file_type_box(bytes, count);
	if (AT(0, "ID3") || (count >= 2 && bytes[0] == 0xff && (bytes[1] & 0xe6) == 0xe2))
		return MEDIA_MP3;
	return MEDIA_TYPE_UNKNOWN;
}
