#include "media/thumbhash.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
	PIXELS_MAX = THUMBHASH_SIDE_MAX * THUMBHASH_SIDE_MAX,
	TERMS_MAX = 7, /* of one direction */
	COEFFICIENTS_MAX = TERMS_MAX * TERMS_MAX,
};

enum { LUMINANCE, YELLOW_BLUE, RED_GREEN, ALPHA, CHANNELS };

struct pixels {
	uint32_t width, height;
	double channel[CHANNELS][PIXELS_MAX];
};

struct transformed {
	double constant;
	double scale; /* the largest of the others */
	size_t count;
	double others[COEFFICIENTS_MAX];
};

/* Halves away from zero for all that occurs here, as JavaScript's Math.round. */
static uint32_t rounded(double value)
{
	return (uint32_t)floor(value + 0.5);
}

/* The sum of alpha. */
static double average(size_t count, const uint8_t *rgba, double ret[3])
{
	double alphas = 0;

	ret[0] = ret[1] = ret[2] = 0;
	for (size_t i = 0; i < count; i++) {
		double alpha = rgba[4 * i + 3] / 255.0;

		for (size_t color = 0; color < 3; color++)
			ret[color] += alpha / 255 * rgba[4 * i + color];
		alphas += alpha;
	}
	for (size_t color = 0; alphas > 0 && color < 3; color++)
		ret[color] /= alphas;
	return alphas;
}

/* The picture over its average colour. Whether any of it is transparent. */
static bool split(struct pixels *pixels, const uint8_t *rgba)
{
	size_t count = (size_t)pixels->width * pixels->height;
	double mean[3];
	double alphas = average(count, rgba, mean);

	for (size_t i = 0; i < count; i++) {
		double alpha = rgba[4 * i + 3] / 255.0;
		double color[3];

		for (size_t c = 0; c < 3; c++)
			color[c] = mean[c] * (1 - alpha) + alpha / 255 * rgba[4 * i + c];
		pixels->channel[LUMINANCE][i] = (color[0] + color[1] + color[2]) / 3;
		pixels->channel[YELLOW_BLUE][i] = (color[0] + color[1]) / 2 - color[2];
		pixels->channel[RED_GREEN][i] = color[0] - color[1];
		pixels->channel[ALPHA][i] = alpha;
	}
	return alphas < (double)count;
}

static double coefficient(const struct pixels *pixels, const double *channel, uint32_t across,
                          uint32_t down)
{
	double waves[THUMBHASH_SIDE_MAX];
	double sum = 0;

	for (uint32_t x = 0; x < pixels->width; x++)
		waves[x] = cos(M_PI / pixels->width * across * (x + 0.5));
	for (uint32_t y = 0; y < pixels->height; y++) {
		double wave = cos(M_PI / pixels->height * down * (y + 0.5));

		for (uint32_t x = 0; x < pixels->width; x++)
			sum += channel[x + (size_t)y * pixels->width] * waves[x] * wave;
	}
	return sum / ((double)pixels->width * pixels->height);
}

/* The low frequencies, a triangle of across x down. */
static void transform(const struct pixels *pixels, int channel, uint32_t across, uint32_t down,
                      struct transformed *ret)
{
	*ret = (struct transformed){.count = 0};
	for (uint32_t y = 0; y < down; y++)
		for (uint32_t x = 0; x * down < across * (down - y); x++) {
			double found = coefficient(pixels, pixels->channel[channel], x, y);

			if (x == 0 && y == 0) {
				ret->constant = found;
				continue;
			}
			assert(ret->count < COEFFICIENTS_MAX);
			ret->others[ret->count++] = found;
			ret->scale = fmax(ret->scale, fabs(found));
		}
	assert(ret->scale >= 0);
	for (size_t i = 0; ret->scale > 0 && i < ret->count; i++)
		ret->others[i] = 0.5 + 0.5 / ret->scale * ret->others[i];
}

/* Four bits of each, the lower half of a byte first. */
static void add_others(const struct transformed *part, uint8_t *hash, size_t *half_bytes)
{
	for (size_t i = 0; i < part->count; i++, ++*half_bytes) {
		assert(*half_bytes / 2 < THUMBHASH_BYTES_MAX);
		hash[*half_bytes / 2] |=
		    (uint8_t)(rounded(15 * part->others[i]) << (*half_bytes % 2 * 4));
	}
}

static uint32_t terms(uint32_t side, uint32_t longer, uint32_t limit)
{
	uint32_t count = rounded((double)limit * side / longer);

	assert(side <= longer && count <= limit);
	return count == 0 ? 1 : count;
}

static uint32_t at_least_3(uint32_t count)
{
	return count < 3 ? 3 : count;
}

size_t thumbhash(uint32_t width, uint32_t height, const uint8_t *rgba,
                 uint8_t ret[THUMBHASH_BYTES_MAX])
{
	static struct pixels pixels; /* 320 KB; the program has one thread that comes here */
	struct transformed part[CHANNELS] = {0};
	uint32_t longer = width > height ? width : height;
	bool transparent;
	uint32_t across, down, colors, shape;
	size_t half_bytes;

	assert(width > 0 && height > 0 && longer <= THUMBHASH_SIDE_MAX);
	pixels.width = width;
	pixels.height = height;
	transparent = split(&pixels, rgba);
	across = terms(width, longer, transparent ? 5 : 7);
	down = terms(height, longer, transparent ? 5 : 7);
	transform(&pixels, LUMINANCE, at_least_3(across), at_least_3(down), &part[LUMINANCE]);
	transform(&pixels, YELLOW_BLUE, 3, 3, &part[YELLOW_BLUE]);
	transform(&pixels, RED_GREEN, 3, 3, &part[RED_GREEN]);
	if (transparent)
		transform(&pixels, ALPHA, 5, 5, &part[ALPHA]);

	memset(ret, 0, THUMBHASH_BYTES_MAX);
	colors = rounded(63 * part[LUMINANCE].constant) |
	         rounded(31.5 + 31.5 * part[YELLOW_BLUE].constant) << 6 |
	         rounded(31.5 + 31.5 * part[RED_GREEN].constant) << 12 |
	         rounded(31 * part[LUMINANCE].scale) << 18 | (uint32_t)transparent << 23;
	shape = (width > height ? down : across) | rounded(63 * part[YELLOW_BLUE].scale) << 3 |
	        rounded(63 * part[RED_GREEN].scale) << 9 | (uint32_t)(width > height) << 15;
	for (size_t i = 0; i < 3; i++)
		ret[i] = (uint8_t)(colors >> (8 * i));
	for (size_t i = 0; i < 2; i++)
		ret[3 + i] = (uint8_t)(shape >> (8 * i));
	if (transparent)
		ret[5] = (uint8_t)(rounded(15 * part[ALPHA].constant) |
		                   rounded(15 * part[ALPHA].scale) << 4);
	half_bytes = transparent ? 12 : 10;
	for (int channel = 0; channel < (transparent ? CHANNELS : ALPHA); channel++)
		add_others(&part[channel], ret, &half_bytes);
	return (half_bytes + 1) / 2;
}
