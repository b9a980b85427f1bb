/*
 * file_check: files that are passed through as they came. Their structure is followed, so that one
 * that is cut off or something else is refused; nothing in them is decoded.
 */
#ifndef SEBEZ_MEDIA_FILE_CHECK_H
#define SEBEZ_MEDIA_FILE_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "media/protocol.h"

/* The type of a file whose magic is `type`, MEDIA_PDF or later: sound and moving pictures share
 * containers. MEDIA_TYPE_UNKNOWN: it is damaged. */
enum media_type file_check(enum media_type type, const uint8_t *bytes, size_t count);

#endif
