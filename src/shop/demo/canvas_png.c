#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "shop/demo/outline.h"

enum { CHUNK_EXTRA = 12, HEAD_BYTES = 13, LEVEL = 1, FILTER_UP = 2 };

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(value >> shift);
	return at;
}

/* The chunk's bytes are already behind its head. Returns its end. */
static uint8_t *put_chunk(uint8_t *at, const char *kind, size_t length)
{
	uint8_t *head = put_u32(at, (uint32_t)length);

	memcpy(head, kind, 4);
	return put_u32(head + 4 + length, (uint32_t)crc32(0, head, (uInt)(length + 4)));
}

/* The rows, each as its difference from the one above. */
static uint8_t *filtered(const struct canvas *canvas, int width, int height, size_t *ret_length)
{
	size_t row_bytes = (size_t)width * 3;
	uint8_t *rows = malloc((row_bytes + 1) * (size_t)height);
	uint8_t *above = calloc(row_bytes, 1);
	uint8_t *at = rows;

	assert(rows != NULL && above != NULL);
	for (int y = 0; y < height; y++) {
		const float *row = canvas_row(canvas, y);

		*at++ = FILTER_UP;
		for (size_t x = 0; x < row_bytes; x++) {
			uint8_t value = (uint8_t)(row[x] * 255 + 0.5F);

			*at++ = (uint8_t)(value - above[x]);
			above[x] = value;
		}
	}
	free(above);
	*ret_length = (size_t)(at - rows);
	return rows;
}

void *canvas_png(const struct canvas *canvas, size_t *ret_length)
{
	static const uint8_t SIGNATURE[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
	static const uint8_t KIND[] = {8, 2, 0, 0, 0}; /* bits, RGB, and the only methods */
	int width, height;
	size_t length;

	canvas_size(canvas, &width, &height);
	uint8_t *rows = filtered(canvas, width, height, &length);
	uLongf packed = compressBound(length);
	uint8_t *png = malloc(sizeof(SIGNATURE) + HEAD_BYTES + packed + (size_t)3 * CHUNK_EXTRA);
	uint8_t *at = png;

	assert(png != NULL);
	memcpy(at, SIGNATURE, sizeof(SIGNATURE));
	at += sizeof(SIGNATURE);
	memcpy(put_u32(put_u32(at + 8, (uint32_t)width), (uint32_t)height), KIND, sizeof(KIND));
	at = put_chunk(at, "IHDR", HEAD_BYTES);
	int rc = compress2(at + 8, &packed, rows, length, LEVEL);

	assert(rc == Z_OK); /* there is room */
	free(rows);
	at = put_chunk(at, "IDAT", packed);
	at = put_chunk(at, "IEND", 0);
	*ret_length = (size_t)(at - png);
	return png;
}
