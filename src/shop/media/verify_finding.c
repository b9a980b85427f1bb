#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "net/loop.h"
#include "shop/exports/exports.h"
#include "shop/media/upload.h"
#include "shop/media/verify.h"

enum {
	SHOWN_MAX = 100,     /* of each kind */
	AGAIN_MAX = 1000,    /* uploads that lack objects; of further ones the list is believed */
	DELETED_MAX = 10000, /* of one run */
	DELETE_MS = 30 * 1000,
	HOLD_S = 5 * 60, /* longer than the deletion, which may be on its way after its deadline */
};

/* Longer than anything puts objects before its row says so. */
#define YOUNG_US (INT64_C(60) * 60 * 1000 * 1000)

/* A look at one thing, with memory of its own. */
struct look {
	struct task task; /* must be first: cast to the struct */
	struct verify *verify;
	const struct uploads_verified_row *row;
	const struct object_entry *object;
	const char *key;
	bool deleted;
};

_Static_assert(offsetof(struct look, task) == 0, "a task is cast to it");

static void look_at(struct task *task, struct look *look, void (*body)(struct task *task))
{
	const char *why = task_attempt(task, &look->task, body);

	if (why != NULL)
		task_end(task, PROBLEM_UNAVAILABLE, "%s", why);
}

static bool is_shown(int64_t number)
{
	if (number == SHOWN_MAX)
		printf("(further ones of this kind are only counted)\n");
	return number < SHOWN_MAX;
}

/* Rows. */

static bool is_same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* The row says today what it said. */
static bool is_unchanged(struct task *task, enum place place,
                         const struct uploads_verified_row *row)
{
	size_t count;
	const struct uploads_verified_row *now =
	    verify_rows(db_of(task), place, row->unit, row->unit, 1, &row->unit, &count);

	for (size_t i = 0; i < count; i++)
		if (uuid_equal(now[i].id, row->id))
			return !now[i].is_removed && is_same(now[i].state, row->state) &&
			       is_same(now[i].files, row->files) &&
			       is_same(now[i].work, row->work) &&
			       now[i].bytes_stored == row->bytes_stored;
	return false;
}

static int64_t bytes_now(struct task *task, const struct verify *verify, const char *key)
{
	int64_t bytes;
	int rc = objects_head(verify->objects, key, task->deadline_ms, &bytes);

	if (rc < 0 && rc != -ENOENT)
		media_end_store(task, rc);
	return rc < 0 ? -1 : bytes;
}

static void show_missing(const char *id, size_t count, const struct wanted wanted[],
                         const int64_t found[])
{
	for (size_t i = 0; i < count; i++)
		if (found[i] < 0)
			printf("missing  %s of upload %s\n", wanted[i].key, id);
}

static void show_sizes(const char *id, size_t count, const struct wanted wanted[],
                       const int64_t found[], int64_t sum, int64_t expected)
{
	for (size_t i = 0; i < count; i++)
		if (wanted[i].bytes >= 0 && wanted[i].bytes != found[i])
			printf("size     %s of upload %s has %" PRId64 " bytes instead of %" PRId64
			       "\n",
			       wanted[i].key, id, found[i], wanted[i].bytes);
	if (wanted[0].bytes < 0)
		printf("size     %s and the others of upload %s have %" PRId64
		       " bytes instead of %" PRId64 "\n",
		       wanted[0].key, id, sum, expected);
}

static void look_at_row(struct task *task)
{
	const struct look *look = (struct look *)(void *)task;
	const struct uploads_verified_row *row = look->row;
	struct verify *verify = look->verify;
	struct wanted wanted[WANTED_MAX];
	int64_t found[WANTED_MAX];
	struct verdict verdict;
	size_t count = verify_wanted(task->arena, verify->place, row, wanted);
	char id[UUID_TEXT_LENGTH + 1];

	for (size_t i = 0; i < count; i++)
		found[i] = bytes_now(task, verify, wanted[i].key);
	verdict = verify_judge(row, count, wanted, found);
	if ((!verdict.lacks && !verdict.differs) || !is_unchanged(task, verify->place, row))
		return;
	uuid_format(row->id, id);
	if (verdict.lacks && is_shown(verify->missing))
		show_missing(id, count, wanted, found);
	if (!verdict.lacks && is_shown(verify->other_size))
		show_sizes(id, count, wanted, found, verdict.sum, row->bytes_stored);
	verify->missing += verdict.lacks;
	verify->other_size += !verdict.lacks;
}

void verify_row_again(struct task *task, struct verify *verify,
                      const struct uploads_verified_row *row)
{
	struct look look = {.verify = verify, .row = row};

	if (verify->missing + verify->other_size < AGAIN_MAX)
		look_at(task, &look, look_at_row);
	else
		verify->missing++;
}

/* Objects. */

static bool is_explained(struct db *db, enum place place, const char *key)
{
	const struct uploads_verified_row *rows;
	struct uuid unit;
	size_t count;

	if (!verify_unit(place, key, &unit))
		return false;
	rows = verify_rows(db, place, unit, unit, 1, &unit, &count);
	for (size_t i = 0; i < count; i++)
		if (verify_explains(db_task(db)->arena, place, &rows[i], key))
			return true;
	return false;
}

static void look_at_object(struct task *task)
{
	const struct look *look = (struct look *)(void *)task;
	const char *key = look->object->key;
	struct verify *verify = look->verify;

	if (object_key_is_valid(key) &&
	    (bytes_now(task, verify, key) < 0 || is_explained(db_of(task), verify->place, key) ||
	     export_is_known(db_of(task), key)))
		return;
	if (is_shown(verify->unknown))
		printf("unknown  %s, %" PRId64 " bytes\n", key, look->object->bytes);
	verify->unknown++;
	verify->unknown_bytes += look->object->bytes;
	if (!object_key_is_valid(key))
		return;
	verify->unknown_keys =
	    arena_room(verify->arena, verify->unknown_keys, verify->unknown_count,
	               &verify->unknown_room, sizeof(verify->unknown_keys[0]));
	verify->unknown_keys[verify->unknown_count++] = arena_strdup(verify->arena, key);
}

void verify_object_again(struct task *task, struct verify *verify,
                         const struct object_entry *object)
{
	struct look look = {.verify = verify, .object = object};

	if (clock_now_us() - object->put_at_us < YOUNG_US) {
		verify->young++;
	} else if (verify->unknown_count < DELETED_MAX) {
		look_at(task, &look, look_at_object);
	} else {
		verify->unknown++;
		verify->unknown_bytes += object->bytes;
	}
}

/* While the group is held, so that no process begins to make the same objects. Parts need that not:
 * a row that is gone or done does not come back. */
static void delete_one(struct task *task)
{
	struct look *look = (struct look *)(void *)task;
	enum place place = IN_INCOMING;
	char group[sizeof(struct uuid) * 2 + 1];
	struct db *db = db_of(task);
	struct uuid unit;
	bool is_held;
	int rc = 0;

	while (strncmp(look->key, PLACE_NAMES[place], strlen(PLACE_NAMES[place])) != 0)
		place++;
	is_held = place != IN_INCOMING && verify_unit(place, look->key, &unit);
	if (is_held) {
		hex_encode(unit.bytes, sizeof(unit.bytes), group);
		sql_upload_hold_group(db, group, HOLD_S);
	}
	look->deleted = !is_explained(db, place, look->key);
	if (look->deleted)
		rc = objects_delete(look->verify->objects, look->key, loop_now_ms() + DELETE_MS);
	if (rc < 0)
		media_end_store(task, rc); /* and it is held a while longer */
	if (is_held)
		sql_upload_free_group(db, group);
}

int64_t verify_delete_unknown(struct task *task, struct verify *verify)
{
	int64_t deleted = 0;

	for (size_t i = 0; i < verify->unknown_count; i++) {
		struct look look = {.verify = verify, .key = verify->unknown_keys[i]};

		look_at(task, &look, delete_one);
		deleted += look.deleted;
	}
	return deleted;
}
