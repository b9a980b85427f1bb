#include "media/look.h"

#include <assert.h>
#include <stddef.h>

enum { COLUMNS = 9, ROWS = 8 };

uint32_t look_color(uint32_t width, uint32_t height, const uint8_t *rgba)
{
	size_t count = (size_t)width * height;
	uint64_t sums[3] = {0};
	uint64_t alphas = 0;
	uint32_t color = 0;

	assert(count > 0);
	for (size_t i = 0; i < count; i++) {
		alphas += rgba[4 * i + 3];
		for (size_t c = 0; c < 3; c++)
			sums[c] += (uint64_t)rgba[4 * i + c] * rgba[4 * i + 3];
	}
	if (alphas == 0)
		return 0xffffff;
	for (size_t c = 0; c < 3; c++)
		color = color << 8 | (uint32_t)((sums[c] + alphas / 2) / alphas);
	assert(color <= 0xffffff);
	return color;
}

/* On white. */
static uint64_t luminance(const uint8_t *pixel)
{
	uint64_t of_color = 299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2];

	return of_color * pixel[3] + UINT64_C(255000) * (255 - pixel[3]);
}

/* The average of one cell of the grid, which is a pixel at least. */
static uint64_t cell(uint32_t width, uint32_t height, const uint8_t *rgba, uint32_t column,
                     uint32_t row)
{
	uint32_t left = column * width / COLUMNS, right = (column + 1) * width / COLUMNS;
	uint32_t top = row * height / ROWS, bottom = (row + 1) * height / ROWS;
	uint64_t sum = 0;

	right += right == left;
	bottom += bottom == top;
	assert(left < right && right <= width && top < bottom && bottom <= height);
	for (uint32_t y = top; y < bottom; y++)
		for (uint32_t x = left; x < right; x++)
			sum += luminance(rgba + 4 * ((size_t)y * width + x));
	return sum / ((uint64_t)(right - left) * (bottom - top));
}

uint64_t look_near_hash(uint32_t width, uint32_t height, const uint8_t *rgba)
{
	uint64_t hash = 0;

	assert(width > 0 && height > 0);
	for (uint32_t row = 0; row < ROWS; row++) {
		uint64_t left = cell(width, height, rgba, 0, row);

		for (uint32_t column = 1; column < COLUMNS; column++) {
			uint64_t right = cell(width, height, rgba, column, row);

			hash = hash << 1 | (right > left);
			left = right;
		}
	}
	return hash;
}
