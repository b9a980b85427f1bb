/*
 * outline: the edges of a path of drawings.txt. Private to the painting.
 */
#ifndef SEBEZ_SHOP_DEMO_OUTLINE_H
#define SEBEZ_SHOP_DEMO_OUTLINE_H

#include "shop/demo/canvas.h"

struct point {
	float x, y; /* pixels */
};

struct box {
	float left, top, right, bottom;
};

/* A closed curve is its edges one after the other; curves that run the other way cut holes. */
typedef void edge_fn(void *arg, struct point from, struct point to);

void outline(const char *path, const struct placing *placing, edge_fn *edge, void *arg);

/* Of the canvas, for canvas_png(). */
void canvas_size(const struct canvas *canvas, int *ret_width, int *ret_height);
const float *canvas_row(const struct canvas *canvas, int y); /* three for each pixel, 0 to 1 */

#endif
