#include "shop/demo/canvas.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shop/demo/outline.h"

/* How much of each pixel of a row a shape covers is the sum of `change` from the left. */
struct canvas {
	int width, height;
	float *rgb;    /* three for each pixel */
	float *change; /* width + 2 for each row; all 0 between calls */
};

struct canvas *canvas_new(int width, int height)
{
	struct canvas *canvas = calloc(1, sizeof(*canvas));

	assert(canvas != NULL && width > 0 && height > 0);
	canvas->width = width;
	canvas->height = height;
	canvas->rgb = calloc((size_t)width * (size_t)height, 3 * sizeof(float));
	canvas->change = calloc((size_t)(width + 2) * (size_t)height, sizeof(float));
	assert(canvas->rgb != NULL && canvas->change != NULL);
	return canvas;
}

void canvas_free(struct canvas *canvas)
{
	free(canvas->rgb);
	free(canvas->change);
	free(canvas);
}

void canvas_size(const struct canvas *canvas, int *ret_width, int *ret_height)
{
	*ret_width = canvas->width;
	*ret_height = canvas->height;
}

const float *canvas_row(const struct canvas *canvas, int y)
{
	return canvas->rgb + (size_t)y * (size_t)canvas->width * 3;
}

struct tone tone_of(uint32_t rgb)
{
	return (struct tone){{(float)(rgb >> 16 & 255) / 255, (float)(rgb >> 8 & 255) / 255,
	                      (float)(rgb & 255) / 255}};
}

struct tone tone_mix(struct tone one, struct tone two, float two_share)
{
	for (int i = 0; i < 3; i++)
		one.rgb[i] += (two.rgb[i] - one.rgb[i]) * two_share;
	return one;
}

static void blend(struct canvas *canvas, int x, int y, struct tone tone, float alpha)
{
	float *pixel = canvas->rgb + ((size_t)y * (size_t)canvas->width + (size_t)x) * 3;

	for (int i = 0; i < 3; i++)
		pixel[i] += (tone.rgb[i] - pixel[i]) * alpha;
}

void canvas_gradient(struct canvas *canvas, int y, struct tone top, struct tone bottom)
{
	float *pixel = canvas->rgb + (size_t)y * (size_t)canvas->width * 3;
	float first = (float)y, rows = (float)(canvas->height - y);

	for (; y < canvas->height; y++) {
		struct tone tone = tone_mix(top, bottom, ((float)y - first) / rows);

		for (int x = 0; x < canvas->width; x++, pixel += 3)
			memcpy(pixel, tone.rgb, sizeof(tone.rgb));
	}
}

static int within(float value, int max)
{
	return value < 0 ? 0 : value > (float)max ? max : (int)value;
}

void canvas_glow(struct canvas *canvas, float x, float y, float radius_x, float radius_y,
                 struct tone tone, float alpha)
{
	int bottom = within(y + radius_y, canvas->height - 1);
	int right = within(x + radius_x, canvas->width - 1);

	for (int py = within(y - radius_y, canvas->height - 1); py <= bottom; py++)
		for (int px = within(x - radius_x, canvas->width - 1); px <= right; px++) {
			float dx = ((float)px + 0.5F - x) / radius_x;
			float dy = ((float)py + 0.5F - y) / radius_y;
			float left = 1 - sqrtf(dx * dx + dy * dy);

			if (left > 0)
				blend(canvas, px, py, tone, alpha * left * left * (3 - 2 * left));
		}
}

/* A straight piece of an edge within one row, from x0 to x1 on the way down by dy: what is right of
 * it is covered. */
static void cover_row(float *row, float x0, float x1, float dy)
{
	float low = fminf(x0, x1), high = fmaxf(x0, x1);
	int first = (int)low, last = (int)ceilf(high);

	if (last <= first + 1) { /* within one pixel */
		float right = (low + high) / 2 - (float)first;

		row[first] += dy * (1 - right);
		row[first + 1] += dy * right;
		return;
	}
	for (int x = first; x < last; x++) {
		float from = fmaxf(low, (float)x), to = fminf(high, (float)(x + 1));
		float whole = (to - from) * dy / (high - low);
		float right = (from + to) / 2 - (float)x;

		row[x] += whole * (1 - right);
		row[x + 1] += whole * right;
	}
}

static void cover_edge(struct canvas *canvas, struct point from, struct point to)
{
	float way = from.y < to.y ? 1 : -1;
	struct point top = from.y < to.y ? from : to, bottom = from.y < to.y ? to : from;
	float slope;

	if (from.y == to.y)
		return;
	slope = (bottom.x - top.x) / (bottom.y - top.y);
	for (int y = within(top.y, canvas->height); y < canvas->height && (float)y < bottom.y;
	     y++) {
		float high = fmaxf(top.y, (float)y), low = fminf(bottom.y, (float)(y + 1));
		float *row = canvas->change + (size_t)y * (size_t)(canvas->width + 2);
		float x0 = top.x + slope * (high - top.y), x1 = top.x + slope * (low - top.y);
		float max = (float)canvas->width;

		if (low > high)
			cover_row(row, fminf(fmaxf(x0, 0), max), fminf(fmaxf(x1, 0), max),
			          way * (low - high));
	}
}

/* Blends what is covered of these rows, and clears `change`. */
static void blend_covered(struct canvas *canvas, const struct box *box,
                          const struct placing *placing, const struct paint *paint)
{
	int bottom = within(box->bottom, canvas->height - 1);
	int left = within(box->left, canvas->width), right = within(box->right + 1, canvas->width);

	for (int y = within(box->top, canvas->height - 1); y <= bottom; y++) {
		float *row = canvas->change + (size_t)y * (size_t)(canvas->width + 2);
		float sum = 0;

		for (int x = left; x <= right; x++) {
			float share = ((float)x - placing->x) / placing->side;
			float covered;

			sum += row[x];
			row[x] = 0;
			covered = fminf(fabsf(sum), 1);
			if (covered > 0.002F && x < canvas->width)
				blend(
				    canvas, x, y,
				    tone_mix(paint->left, paint->right, fminf(fmaxf(share, 0), 1)),
				    covered * paint->alpha);
		}
		row[right + 1 < canvas->width + 2 ? right + 1 : right] = 0;
	}
}

struct filling {
	struct canvas *canvas;
	struct box box;
};

static void add_edge(void *arg, struct point from, struct point to)
{
	struct filling *filling = arg;
	struct box *box = &filling->box;

	box->left = fminf(box->left, fminf(from.x, to.x));
	box->right = fmaxf(box->right, fmaxf(from.x, to.x));
	box->top = fminf(box->top, fminf(from.y, to.y));
	box->bottom = fmaxf(box->bottom, fmaxf(from.y, to.y));
	cover_edge(filling->canvas, from, to);
}

void canvas_fill(struct canvas *canvas, const char *path, const struct placing *placing,
                 const struct paint *paint)
{
	struct filling filling = {canvas, {INFINITY, INFINITY, -INFINITY, -INFINITY}};

	outline(path, placing, add_edge, &filling);
	blend_covered(canvas, &filling.box, placing, paint);
}
