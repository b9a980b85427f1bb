/*
 * embedded_file: files of the node that the build embeds in the program.
 */
#ifndef SEBEZ_NODE_EMBEDDED_FILE_H
#define SEBEZ_NODE_EMBEDDED_FILE_H

#include "base/embedded_file.h"

extern const struct embedded_file SITE_FILES[]; /* src/node/site */
extern const size_t SITE_FILE_COUNT;

extern const struct embedded_file VENDORED_FILES[]; /* vendor, gzip-compressed */
extern const size_t VENDORED_FILE_COUNT;

#endif
