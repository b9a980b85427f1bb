/*
 * zip: a ZIP archive that is read while it is written, so that it is never whole in memory. Names
 * are ASCII; files are compressed, and their sizes need not be known before (ZIP64).
 *
 * The writer adds a little, and whoever reads takes what has become of it before more is added.
 * What fails (no memory) is kept until zip_failed() is asked.
 */
#ifndef SEBEZ_SHOP_EXPORTS_ZIP_H
#define SEBEZ_SHOP_EXPORTS_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct zip;

struct zip *zip_new(struct arena *arena); /* freed with it */
/* Begins a file, and ends the one before. */
void zip_begin(struct zip *zip, const char *name, int64_t changed_us);
void zip_add(struct zip *zip, const void *bytes, size_t length); /* to the file */
void zip_add_str(struct zip *zip, const char *text);
void zip_end(struct zip *zip); /* of the archive */

/* Moves at most `size` of the archive's bytes that nobody has taken. Returns how many. */
size_t zip_take(struct zip *zip, char *bytes, size_t size);
bool zip_failed(const struct zip *zip);

#endif
