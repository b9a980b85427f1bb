/*
 * canvas: paints the demo's pictures. Shapes are given by the paths of drawings.txt, whose unit
 * square is placed on the canvas; edges are smooth.
 */
#ifndef SEBEZ_SHOP_DEMO_CANVAS_H
#define SEBEZ_SHOP_DEMO_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct canvas;

struct canvas *canvas_new(int width, int height); /* owned; black */
void canvas_free(struct canvas *canvas);

/* Red, green and blue, from 0 to 1. */
struct tone {
	float rgb[3];
};

struct tone tone_of(uint32_t rgb); /* 0xRRGGBB */
struct tone tone_mix(struct tone one, struct tone two, float two_share);

/* Where the path's square of 100 by 100 is: its upper left corner and its side, in pixels. */
struct placing {
	float x, y, side;
	bool mirrored;
};

struct paint {
	struct tone left, right; /* of the placed square's width */
	float alpha;
};

/* All rows from y on, which is less than the height. */
void canvas_gradient(struct canvas *canvas, int y, struct tone top, struct tone bottom);
/* An ellipse that fades out towards its edge; pixels. */
void canvas_glow(struct canvas *canvas, float x, float y, float radius_x, float radius_y,
                 struct tone tone, float alpha);
/* The path ends at a newline, and is valid (asserted): it is ours. */
void canvas_fill(struct canvas *canvas, const char *path, const struct placing *placing,
                 const struct paint *paint);

/* Its bytes are malloc()ed. */
void *canvas_png(const struct canvas *canvas, size_t *ret_length);

#endif
