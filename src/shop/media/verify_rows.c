#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "shop/media/purposes.h"
#include "shop/media/upload.h"
#include "shop/media/verify.h"

const char *const PLACE_NAMES[PLACE_COUNT] = {"incoming", "private", "public"};

enum { GROUP_LENGTH = 32, UNIT_BYTES = 16 };

_Static_assert(sizeof(struct uuid) == UNIT_BYTES && GROUP_LENGTH == 2 * UNIT_BYTES,
               "a group is as long as an id");
_Static_assert((int)LIMIT_UPLOAD_PARTS <= (int)WANTED_MAX, "a row's parts fit");

/* Valid keys are in lower case, so that the order of units is that of keys. */
bool verify_unit(enum place place, const char *key, struct uuid *ret)
{
	const char *unit = key + strlen(PLACE_NAMES[place]) + 1;
	size_t length = place == IN_INCOMING ? UUID_TEXT_LENGTH : GROUP_LENGTH;
	char text[UUID_TEXT_LENGTH + 1];

	assert(strncmp(key, PLACE_NAMES[place], strlen(PLACE_NAMES[place])) == 0);
	if (strcspn(unit, "/") != length || unit[length] == '\0' || !object_key_is_valid(key))
		return false;
	memcpy(text, unit, length);
	text[length] = '\0';
	return place == IN_INCOMING ? uuid_parse(text, ret)
	                            : hex_decode(text, ret->bytes, UNIT_BYTES);
}

static bool is(const char *word, const char *other)
{
	return word != NULL && strcmp(word, other) == 0;
}

/* They are read until AVIF is made. */
static bool needs_parts(const struct uploads_verified_row *row)
{
	return (is(row->state, "processing") || is(row->work, "avif")) && row->bytes != NULL &&
	       row->part_count != NULL;
}

static size_t want_parts(struct arena *arena, const struct uploads_verified_row *row,
                         struct wanted ret[WANTED_MAX])
{
	size_t count = 0;

	if (!needs_parts(row))
		return 0;
	assert(*row->part_count <= LIMIT_UPLOAD_PARTS);
	for (int32_t number = 1; number <= *row->part_count; number++)
		ret[count++] = (struct wanted){upload_part_key(arena, row->id, number),
		                               upload_part_bytes(*row->bytes, number)};
	return count;
}

/* files: names with blanks between. */
static size_t want_renditions(struct arena *arena, const char *folder, const char *files,
                              struct wanted ret[WANTED_MAX])
{
	size_t count = 0;

	for (const char *name = files; *name != '\0' && count < WANTED_MAX;) {
		size_t length = strcspn(name, " ");

		ret[count++] =
		    (struct wanted){arena_printf(arena, "%s/%.*s", folder, (int)length, name), -1};
		name += length + strspn(name + length, " ");
	}
	return count;
}

static size_t want_files(struct arena *arena, enum place place,
                         const struct uploads_verified_row *row, struct wanted ret[WANTED_MAX])
{
	char group[GROUP_LENGTH + 1];
	const char *folder;
	const struct file_type *type;

	if (!is(row->state, "ready"))
		return 0;
	hex_encode(row->unit.bytes, UNIT_BYTES, group);
	folder = arena_printf(arena, "%s/%s", PLACE_NAMES[place], group);
	if (row->files != NULL)
		return want_renditions(arena, folder, row->files, ret);
	type = row->content_type == NULL ? NULL : file_type_of(row->content_type);
	if (type == NULL)
		return 0;
	ret[0] = (struct wanted){arena_printf(arena, "%s/original.%s", folder, type->extension),
	                         row->bytes_stored};
	return 1;
}

size_t verify_wanted(struct arena *arena, enum place place, const struct uploads_verified_row *row,
                     struct wanted ret[WANTED_MAX])
{
	if (row->is_removed)
		return 0;
	return place == IN_INCOMING ? want_parts(arena, row, ret)
	                            : want_files(arena, place, row, ret);
}

struct verdict verify_judge(const struct uploads_verified_row *row, size_t count,
                            const struct wanted wanted[], const int64_t found[])
{
	struct verdict verdict = {.sum = 0};
	bool counts = count > 0 && wanted[0].bytes < 0; /* only the sum is known */

	for (size_t i = 0; i < count; i++) {
		verdict.lacks = verdict.lacks || found[i] < 0;
		verdict.differs = verdict.differs || (wanted[i].bytes >= 0 && found[i] >= 0 &&
		                                      wanted[i].bytes != found[i]);
		verdict.sum += found[i] < 0 ? 0 : found[i];
	}
	if (counts && !verdict.lacks)
		verdict.differs = verdict.sum != row->bytes_stored;
	return verdict;
}

/* A client may send parts until the upload is completed. */
static bool explains_part(const struct uploads_verified_row *row, const char *key)
{
	long number = strtol(strrchr(key, '/') + 1, NULL, 10);

	if (!is(row->state, "waiting") && !is(row->state, "processing") && row->work == NULL)
		return false;
	return row->part_count == NULL || (number >= 1 && number <= *row->part_count);
}

bool verify_explains(struct arena *arena, enum place place, const struct uploads_verified_row *row,
                     const char *key)
{
	struct wanted wanted[WANTED_MAX];
	size_t count;

	if (row->is_removed) /* the job deletes it, and what it shares it leaves to others */
		return true;
	if (place == IN_INCOMING)
		return explains_part(row, key);
	/* Being made, or left when it failed: removed with the row. */
	if (!is(row->state, "ready") || is(row->work, "avif"))
		return true;
	count = verify_wanted(arena, place, row, wanted);
	for (size_t i = 0; i < count; i++)
		if (strcmp(wanted[i].key, key) == 0)
			return true;
	return false;
}

const struct uploads_verified_row *verify_rows(struct db *db, enum place place, struct uuid first,
                                               struct uuid last, size_t id_count,
                                               const struct uuid *ids, size_t *ret_count)
{
	return sql_uploads_verified_rows(
	    db,
	    sql_uploads_verified(db, PLACE_NAMES[place], first, last,
	                         (struct uuid_array){.count = id_count, .items = ids},
	                         VERIFY_ROWS_MAX),
	    ret_count);
}
