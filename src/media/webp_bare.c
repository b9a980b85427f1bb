#include "media/webp_bare.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>

enum {
	FILE_HEADER = 12,                    /* RIFF, length, WEBP */
	CHUNK_HEADER = 8,                    /* name, length */
	METADATA_FLAGS = 0x20 | 0x08 | 0x04, /* of VP8X: profile, EXIF, XMP */
};

static uint32_t number(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static bool is_metadata(const uint8_t *chunk)
{
	return memcmp(chunk, "EXIF", 4) == 0 || memcmp(chunk, "XMP ", 4) == 0 ||
	       memcmp(chunk, "ICCP", 4) == 0;
}

size_t webp_bare(uint8_t *bytes, size_t count)
{
	size_t kept = FILE_HEADER, length;
	uint32_t riff;

	if (count < FILE_HEADER || memcmp(bytes, "RIFF", 4) != 0 ||
	    memcmp(bytes + 8, "WEBP", 4) != 0)
		return count;
	for (size_t at = FILE_HEADER; count - at >= CHUNK_HEADER; at += length) {
		length = CHUNK_HEADER + (size_t)number(bytes + at + 4);
		length += length % 2;
		if (length > count - at)
			length = count - at;
		assert(length > 0 && kept <= at);
		if (is_metadata(bytes + at))
			continue;
		memmove(bytes + kept, bytes + at, length);
		if (memcmp(bytes + kept, "VP8X", 4) == 0 && length > CHUNK_HEADER)
			bytes[kept + CHUNK_HEADER] &= (uint8_t)~METADATA_FLAGS;
		kept += length;
	}
	assert(kept >= FILE_HEADER && kept <= count);
	riff = htole32((uint32_t)kept - CHUNK_HEADER);
	memcpy(bytes + 4, &riff, sizeof(riff));
	return kept;
}
