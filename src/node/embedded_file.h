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

extern const struct embedded_file CONSOLE_FILES[]; /* clients/console/bundle, gzip-compressed */
extern const size_t CONSOLE_FILE_COUNT;

/* The file of this name and ending (".gz", or none), NULL when there is none. */
const struct embedded_file *embedded_file_find(const struct embedded_file files[], size_t count,
                                               const char *name, const char *ending);
const char *embedded_file_media_type(const char *name); /* by the ending of its name */

#endif
