/*
 * picture: from the bytes of a picture to pixels that renditions are made of.
 */
#ifndef SEBEZ_MEDIA_PICTURE_H
#define SEBEZ_MEDIA_PICTURE_H

#include <vips/vips.h>

#include "media/protocol.h"

struct picture {
	/* The widest rendition: in memory, 8 bits of sRGB, with alpha or without, the right way
	 * up, without metadata. */
	VipsImage *image;
	struct media_facts facts;
};

/* Checks the header against the request's limits, then decodes once. 0, or why not. */
enum media_failure picture_open(const struct media_request *request, enum media_type type,
                                const uint8_t *bytes, struct picture *ret);
void picture_close(struct picture *picture);

/* Of a rendition of that width. */
uint32_t picture_height(const struct media_facts *facts, uint32_t width);

/* `image` at another size, which is not larger; NULL when memory is short. */
VipsImage *picture_scale(VipsImage *image, uint32_t width, uint32_t height);

/* After an error of libvips: `otherwise`, or MEDIA_TOO_COMPLEX where memory was short. */
enum media_failure picture_failure(enum media_failure otherwise);

#endif
