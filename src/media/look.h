/*
 * look: what a small picture looks like at a glance, of width * height pixels of RGBA.
 */
#ifndef SEBEZ_MEDIA_LOOK_H
#define SEBEZ_MEDIA_LOOK_H

#include <stdint.h>

/* The average of what is not transparent, 0xRRGGBB; white where all is. */
uint32_t look_color(uint32_t width, uint32_t height, const uint8_t *rgba);

/* A difference hash: whether the luminance grows from left to right, on a grid of 9 x 8. Of two
 * pictures that look alike few bits differ, whatever their size and quality. */
uint64_t look_near_hash(uint32_t width, uint32_t height, const uint8_t *rgba);

#endif
