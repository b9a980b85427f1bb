/* The containers of sound and video, for file_check.c. */
#ifndef SEBEZ_MEDIA_FILE_CHECK_INTERNAL_H
#define SEBEZ_MEDIA_FILE_CHECK_INTERNAL_H

#include "media/file_check.h"

/* ISO base media: MEDIA_M4A without a video track; with one MEDIA_QUICKTIME or MEDIA_MP4. */
enum media_type file_check_iso(enum media_type type, const uint8_t *bytes, size_t count);

/* Matroska of DocType webm: MEDIA_WEBM_AUDIO without a video track. */
enum media_type file_check_webm(const uint8_t *bytes, size_t count);

#endif
