/*
 * render: the renditions of a picture.
 */
#ifndef SEBEZ_MEDIA_RENDER_H
#define SEBEZ_MEDIA_RENDER_H

#include "media/examine.h"
#include "media/picture.h"

/* The widest first, each width in every format. 0, or why not. */
enum media_failure render(const struct media_request *request, struct picture *picture,
                          const struct examine_sink *sink);

#endif
