#include "shop/media/verify.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/media/media.h"
#include "shop/media/upload.h"

/* Objects in the order of their keys, and the rows of the same units. */
struct page {
	struct task task; /* must be first: cast to the struct */
	struct verify *verify;
	struct uuid first;              /* unit of rows */
	char after[OBJECT_KEY_MAX + 1]; /* key of objects */
	bool is_last;

	const struct object_entry *objects;
	size_t object_count;
	const struct uploads_verified_row *rows;
	size_t row_count;
};

_Static_assert(offsetof(struct page, task) == 0, "a task is cast to it");

static const struct uuid LAST_UNIT = {
    {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}};

static struct uuid next_unit(struct uuid unit)
{
	for (size_t i = sizeof(unit.bytes); i-- > 0 && !uuid_equal(unit, LAST_UNIT);)
		if (++unit.bytes[i] != 0)
			break;
	return unit;
}

static bool is_of(const struct page *page, size_t number, struct uuid unit)
{
	struct uuid found;

	return verify_unit(page->verify->place, page->objects[number].key, &found) &&
	       uuid_equal(found, unit);
}

/* Leaves the objects of the last unit, which may go on, to the next page; unless they are all. */
static void cut_at_unit(struct page *page)
{
	size_t count = page->object_count;
	struct uuid unit;

	assert(count > 0);
	if (!verify_unit(page->verify->place, page->objects[count - 1].key, &unit))
		return;
	while (count > 0 && is_of(page, count - 1, unit))
		count--;
	if (count > 0)
		page->object_count = count;
}

static void read_objects(struct page *page)
{
	struct task *task = &page->task;
	struct object_entry *objects;
	int rc = objects_list(page->verify->objects, task->arena,
	                      arena_printf(task->arena, "%s/", PLACE_NAMES[page->verify->place]),
	                      page->after, OBJECT_LIST_MAX, task->deadline_ms, &page->object_count,
	                      &objects);

	if (rc < 0)
		media_end_store(task, rc);
	page->objects = objects;
	page->is_last = page->object_count < OBJECT_LIST_MAX;
	if (!page->is_last)
		cut_at_unit(page);
}

/* Many rows have no objects: those beyond the last row belong to the next page. */
static void cut_after(struct page *page, struct uuid last)
{
	struct uuid unit;

	while (
	    page->object_count > 0 &&
	    (!verify_unit(page->verify->place, page->objects[page->object_count - 1].key, &unit) ||
	     uuid_compare(unit, last) > 0))
		page->object_count--;
}

/* After the objects, so that the row of an object that was being made is there. */
static void read_rows(struct page *page)
{
	struct task *task = &page->task;
	struct uuid *ids = arena_array(task->arena, page->object_count, sizeof(ids[0]));
	struct uuid last = LAST_UNIT;
	size_t count = 0;

	for (size_t i = 0; i < page->object_count; i++)
		if (verify_unit(page->verify->place, page->objects[i].key, &ids[count]))
			count++;
	if (!page->is_last && count == 0)
		return; /* none of the objects is ours */
	if (!page->is_last)
		last = ids[count - 1];
	page->rows = verify_rows(db_of(task), page->verify->place, page->first, last, count, ids,
	                         &page->row_count);
	if (page->row_count >= VERIFY_ROWS_MAX) {
		last = page->rows[page->row_count - 1].unit;
		cut_after(page, last);
		page->is_last = uuid_equal(last, LAST_UNIT);
	}
	page->first = next_unit(last);
}

static int compare_key(const void *key, const void *object)
{
	return strcmp(key, ((const struct object_entry *)object)->key);
}

static void compare_row(struct page *page, const struct uploads_verified_row *row)
{
	struct wanted wanted[WANTED_MAX];
	int64_t found[WANTED_MAX];
	struct verdict verdict;
	size_t count = verify_wanted(page->task.arena, page->verify->place, row, wanted);

	for (size_t i = 0; i < count; i++) {
		const struct object_entry *object =
		    bsearch(wanted[i].key, page->objects, page->object_count,
		            sizeof(page->objects[0]), compare_key);

		found[i] = object == NULL ? -1 : object->bytes;
	}
	page->verify->uploads += count > 0;
	verdict = verify_judge(row, count, wanted, found);
	if (verdict.lacks || verdict.differs)
		verify_row_again(&page->task, page->verify, row);
}

static int compare_unit(const void *unit, const void *row)
{
	return uuid_compare(*(const struct uuid *)unit,
	                    ((const struct uploads_verified_row *)row)->unit);
}

static bool is_explained(const struct page *page, const struct object_entry *object)
{
	const struct uploads_verified_row *row = NULL;
	struct uuid unit;

	if (page->row_count > 0 && verify_unit(page->verify->place, object->key, &unit))
		row = bsearch(&unit, page->rows, page->row_count, sizeof(page->rows[0]),
		              compare_unit);
	if (row == NULL)
		return false;
	while (row > page->rows && uuid_equal(row[-1].unit, unit))
		row--;
	for (; row < page->rows + page->row_count && uuid_equal(row->unit, unit); row++)
		if (verify_explains(page->task.arena, page->verify->place, row, object->key))
			return true;
	return false;
}

static void compare_object(struct page *page, const struct object_entry *object)
{
	if (is_explained(page, object)) {
		page->verify->known++;
		page->verify->known_bytes += object->bytes;
	} else {
		verify_object_again(&page->task, page->verify, object);
	}
}

static void compare_page(struct task *task)
{
	struct page *page = (struct page *)(void *)task;

	read_objects(page);
	read_rows(page);
	for (size_t i = 0; i < page->row_count; i++)
		compare_row(page, &page->rows[i]);
	for (size_t i = 0; i < page->object_count; i++)
		compare_object(page, &page->objects[i]);
	if (page->object_count > 0)
		snprintf(page->after, sizeof(page->after), "%s",
		         page->objects[page->object_count - 1].key);
}

static void compare_place(struct task *task, struct verify *verify)
{
	struct page page = {.verify = verify};

	while (!page.is_last) {
		struct page next = {.verify = verify, .first = page.first};
		const char *why;

		memcpy(next.after, page.after, sizeof(next.after));
		why = task_attempt(task, &next.task, compare_page);
		if (why != NULL)
			task_end(task, PROBLEM_UNAVAILABLE, "%s", why);
		page = next;
	}
}

/* Most objects are unknown to another marketplace's database. */
static int64_t delete_unknown(struct task *task, struct verify *verify)
{
	if (verify->unknown > verify->known)
		task_end(task, PROBLEM_CONFLICT,
		         "More objects are unknown than known: this is probably not the database "
		         "of this store. Nothing was deleted.");
	return verify_delete_unknown(task, verify);
}

void media_verify(struct task *task, struct objects *objects, bool deletes)
{
	struct verify verify = {.objects = objects, .arena = task->arena};
	int64_t deleted = 0;

	for (; verify.place < PLACE_COUNT; verify.place++)
		compare_place(task, &verify);
	printf("%" PRId64 " uploads and %" PRId64 " objects (%" PRId64 " bytes) compared: "
	       "%" PRId64 " uploads lack objects, %" PRId64 " have objects of another size; "
	       "%" PRId64 " objects (%" PRId64 " bytes) are unknown, %" PRId64
	       " of the last hour were left out\n",
	       verify.uploads, verify.known + verify.unknown, verify.known_bytes, verify.missing,
	       verify.other_size, verify.unknown, verify.unknown_bytes, verify.young);
	if (deletes && verify.unknown > 0) {
		deleted = delete_unknown(task, &verify);
		printf("%" PRId64 " unknown objects deleted\n", deleted);
	}
	fflush(stdout);
	if (verify.missing + verify.other_size > 0 || deleted < verify.unknown)
		task_end(task, PROBLEM_CONFLICT, "Rows and objects differ.");
}
