/*
 * drawing: what the demo's pictures show: an object or a face of drawings.txt on a coloured ground.
 * The same name gives the same picture.
 */
#ifndef SEBEZ_SHOP_DEMO_DRAWING_H
#define SEBEZ_SHOP_DEMO_DRAWING_H

#include <stddef.h>
#include <stdint.h>

#include "base/embedded_file.h"

extern const struct embedded_file DEMO_DRAWINGS[];
extern const size_t DEMO_DRAWING_COUNT;

enum drawing_kind {
	DRAWING_PRODUCT,
	DRAWING_CATEGORY,
	DRAWING_LOGO,
	DRAWING_BANNER,
	DRAWING_FACE,
	DRAWING_PHOTO, /* of a product, as a customer takes it */
};

struct drawing {
	enum drawing_kind kind;
	const char *name; /* the product's handle, the slug, or the person's */
	/* Results: a PNG, which is malloc()ed. */
	void *png;
	size_t length;
	int32_t width, height;
};

/* For a thread: it takes some 10 ms. Names without an object of their own get one by their hash. */
void drawing_make(void *drawing);

#endif
