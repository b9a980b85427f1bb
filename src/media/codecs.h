/*
 * codecs: libvips as a worker uses it.
 */
#ifndef SEBEZ_MEDIA_CODECS_H
#define SEBEZ_MEDIA_CODECS_H

#include <stdbool.h>

/* Starts libvips and uses each codec once, which loads what it loads later or never. False: one is
 * missing, *ret_missing. */
bool codecs_start(const char **ret_missing);

#endif
