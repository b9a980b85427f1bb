/*
 * verify: `sebez media verify`, which compares what the rows of upload say with the objects in the
 * store, both ways, while servers run.
 *
 *   verify.c          goes through both in the order of their keys, page by page
 *   verify_rows.c     what a row says of its objects
 *   verify_finding.c  looks again at what seems wrong, reports it, and deletes what nothing knows
 */
#ifndef SEBEZ_SHOP_MEDIA_VERIFY_H
#define SEBEZ_SHOP_MEDIA_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "store/objects.h"
#include "task/db.h"
#include "verify.sql.h"

/* The first segments of keys, in their order. */
enum place { IN_INCOMING, IN_PRIVATE, IN_PUBLIC, PLACE_COUNT };
extern const char *const PLACE_NAMES[PLACE_COUNT];

struct verify {
	struct objects *objects;
	struct arena *arena; /* of `unknown_keys` */
	enum place place;
	int64_t uploads, known, known_bytes;
	int64_t missing, other_size;    /* uploads */
	int64_t unknown, unknown_bytes; /* objects */
	int64_t young;                  /* unknown ones, perhaps in the making */
	const char **unknown_keys;      /* the first ones, to be deleted */
	size_t unknown_count, unknown_room;
};

/* Rows. */

enum { WANTED_MAX = 64 };

/* An object that there must be. */
struct wanted {
	const char *key;
	int64_t bytes; /* -1: only the sum of all is known */
};

/* The unit of a key of this place; false: it is none of ours. */
bool verify_unit(enum place place, const char *key, struct uuid *ret);
size_t verify_wanted(struct arena *arena, enum place place, const struct uploads_verified_row *row,
                     struct wanted ret[WANTED_MAX]);
struct verdict {
	bool lacks;   /* some are missing */
	bool differs; /* some are of another size */
	int64_t sum;  /* bytes of those that are there */
};

/* found: bytes of each wanted object, -1: it is missing. */
struct verdict verify_judge(const struct uploads_verified_row *row, size_t count,
                            const struct wanted wanted[], const int64_t found[]);
/* Whether the row has this object of its unit, or may have it for a while. */
bool verify_explains(struct arena *arena, enum place place, const struct uploads_verified_row *row,
                     const char *key);
const struct uploads_verified_row *verify_rows(struct db *db, enum place place, struct uuid first,
                                               struct uuid last, size_t id_count,
                                               const struct uuid *ids, size_t *ret_count);
enum { VERIFY_ROWS_MAX = 1000 }; /* of verify_rows, and those of the last one's group */

/* Findings. Between the list of objects and the rows things have changed, so each is looked at
 * again before it counts. */

void verify_row_again(struct task *task, struct verify *verify,
                      const struct uploads_verified_row *row);
void verify_object_again(struct task *task, struct verify *verify,
                         const struct object_entry *object);
/* Returns how many of `unknown_keys` it deleted. */
int64_t verify_delete_unknown(struct task *task, struct verify *verify);

#endif
