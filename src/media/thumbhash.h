/*
 * thumbhash: a placeholder of a picture in some 25 bytes (https://evanw.github.io/thumbhash/): its
 * average colour, its shape, and the first coefficients of its cosine transform.
 */
#ifndef SEBEZ_MEDIA_THUMBHASH_H
#define SEBEZ_MEDIA_THUMBHASH_H

#include <stddef.h>
#include <stdint.h>

enum { THUMBHASH_SIDE_MAX = 100, THUMBHASH_BYTES_MAX = 25 };

/* rgba: width * height * 4 bytes, alpha not premultiplied; sides of 1 to THUMBHASH_SIDE_MAX.
 * Returns the length. */
size_t thumbhash(uint32_t width, uint32_t height, const uint8_t *rgba,
                 uint8_t ret[THUMBHASH_BYTES_MAX]);

#endif
