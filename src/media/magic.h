/*
 * magic: the type of a file by its first bytes. The name and the type that a client said count for
 * nothing.
 */
#ifndef SEBEZ_MEDIA_MAGIC_H
#define SEBEZ_MEDIA_MAGIC_H

#include <stddef.h>
#include <stdint.h>

#include "media/protocol.h"

enum media_type media_magic(const uint8_t *bytes, size_t count);

#endif
