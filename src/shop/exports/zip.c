#include "shop/exports/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct zip {
	struct archive *archive;
	char *bytes; /* written and not taken: from `taken` to `length` */
	size_t length, taken, capacity;
	bool has_file, has_ended, has_failed;
};

static void release(void *arg)
{
	struct zip *zip = arg;

	(void)archive_write_free(zip->archive);
	free(zip->bytes);
}

static bool reserve(struct zip *zip, size_t more)
{
	size_t capacity = zip->capacity > 0 ? zip->capacity : 64 * 1024;

	if (zip->taken == zip->length)
		zip->taken = zip->length = 0;
	if (more <= zip->capacity - zip->length)
		return true;
	while (capacity - zip->length < more)
		capacity *= 2;
	char *bytes = realloc(zip->bytes, capacity);

	if (bytes == NULL)
		return false;
	zip->bytes = bytes;
	zip->capacity = capacity;
	return true;
}

/* libarchive's callback: returns how many bytes were written, or -1. */
static la_ssize_t keep(struct archive *archive, void *arg, const void *bytes, size_t length)
{
	struct zip *zip = arg;

	if (!reserve(zip, length)) {
		archive_set_error(archive, ENOMEM, "no memory");
		return -1;
	}
	memcpy(zip->bytes + zip->length, bytes, length);
	zip->length += length;
	assert(zip->taken <= zip->length && zip->length <= zip->capacity);
	return (la_ssize_t)length;
}

static void expect(struct zip *zip, bool good)
{
	zip->has_failed = zip->has_failed || !good;
}

struct zip *zip_new(struct arena *arena)
{
	struct zip *zip = arena_alloc(arena, sizeof(*zip));

	*zip = (struct zip){.archive = archive_write_new()};
	if (zip->archive == NULL) {
		zip->has_failed = true;
		return zip;
	}
	arena_defer(arena, release, zip);
	/* Nothing is held back, so that little waits in libarchive. */
	expect(zip, archive_write_set_format_zip(zip->archive) == ARCHIVE_OK &&
	                archive_write_set_bytes_per_block(zip->archive, 0) == ARCHIVE_OK &&
	                archive_write_open(zip->archive, zip, NULL, keep, NULL) == ARCHIVE_OK);
	return zip;
}

void zip_begin(struct zip *zip, const char *name, int64_t changed_us)
{
	struct archive_entry *entry;

	assert(!zip->has_ended && name[0] != '\0');
	if (zip->has_failed)
		return;
	entry = archive_entry_new();
	expect(zip, entry != NULL);
	if (entry == NULL)
		return;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mtime(entry, (time_t)(changed_us / 1000000), 0);
	archive_entry_set_filetype(entry, S_IFREG);
	archive_entry_set_perm(entry, 0644);
	expect(zip, archive_write_header(zip->archive, entry) >= ARCHIVE_WARN);
	archive_entry_free(entry);
	zip->has_file = true;
}

void zip_add(struct zip *zip, const void *bytes, size_t length)
{
	assert(zip->has_file || zip->has_failed);
	if (!zip->has_failed && length > 0)
		expect(zip, archive_write_data(zip->archive, bytes, length) == (la_ssize_t)length);
}

void zip_add_str(struct zip *zip, const char *text)
{
	zip_add(zip, text, strlen(text));
}

void zip_end(struct zip *zip)
{
	assert(!zip->has_ended);
	zip->has_ended = true;
	if (!zip->has_failed)
		expect(zip, archive_write_close(zip->archive) == ARCHIVE_OK);
}

size_t zip_take(struct zip *zip, char *bytes, size_t size)
{
	size_t there = zip->length - zip->taken, count = there < size ? there : size;

	assert(zip->taken <= zip->length);
	if (count > 0)
		memcpy(bytes, zip->bytes + zip->taken, count);
	zip->taken += count;
	return count;
}

bool zip_failed(const struct zip *zip)
{
	return zip->has_failed;
}
