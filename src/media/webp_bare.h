/*
 * webp_bare: a file of WebP without metadata.
 */
#ifndef SEBEZ_MEDIA_WEBP_BARE_H
#define SEBEZ_MEDIA_WEBP_BARE_H

#include <stddef.h>
#include <stdint.h>

/* Removes EXIF, XMP and colour profile in place; returns the new length. What is not WebP stays as
 * it is. */
size_t webp_bare(uint8_t *bytes, size_t count);

#endif
