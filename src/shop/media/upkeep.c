/*
 * upkeep: jobs that end uploads whose bytes did not come, tell what shows an upload that it has
 * changed, and remove what nothing uses.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "net/log.h"
#include "shop/feed/feed.h"
#include "shop/media/media.h"
#include "shop/media/purposes.h"
#include "shop/media/upload.h"
#include "task/forget.h"
#include "upkeep.sql.h"

enum {
	EXPIRE_COUNT = 100, /* per transaction, each with an event */
	RELEASE_COUNT = 100,
	SHOW_COUNT = 20,   /* uploads in turn */
	SHOW_ROWS = 200,   /* per transaction; a row takes up to 1 ms */
	FAILURES_MAX = 20, /* in a row: the store is away, and the next run goes on */
};

static int32_t expire_some(struct task *task)
{
	struct db *tx = db_begin(task);
	size_t count;
	const struct uploads_expire_row *row =
	    sql_uploads_expire_rows(tx, sql_uploads_expire(tx, EXPIRE_COUNT), &count);

	for (size_t i = 0; i < count; i++)
		feed_write_upload_failed(tx, row[i].account_id,
		                         &(struct event_upload_failed){
		                             .upload_id = row[i].id,
		                             .purpose = purpose_named(row[i].purpose),
		                             .failure = UPLOAD_FAILURE_EXPIRED,
		                         });
	db_commit(tx);
	return (int32_t)count;
}

static struct media_gauges gauges;

void media_measure(struct task *task)
{
	struct db *db = db_of(task);
	const struct uploads_measured_row *row =
	    sql_uploads_measured_rows(db, sql_uploads_measured(db, LIMIT_OUTBOX_COUNTED), NULL);

	assert(row->unpublished >= 0 && row->published >= 0 && row->oldest_s >= 0);
	gauges = (struct media_gauges){(uint64_t)row->unpublished, (uint64_t)row->published,
	                               (uint64_t)row->oldest_s, (uint64_t)row->unfetched};
}

struct media_gauges media_gauges(void)
{
	return gauges;
}

void media_expire(struct task *task)
{
	forget_all(task, expire_some, EXPIRE_COUNT);
}

static int32_t release_some(struct task *task)
{
	struct db *db = db_of(task);

	return (int32_t)rows_count(
	    sql_uploads_release(db, RELEASE_COUNT, LIMIT_UNUSED_UPLOAD_HOURS));
}

/* A task of its own, so that a failure does not affect other uploads. */
struct showing {
	struct task task; /* must be first: cast to the struct */
	struct uuid id;
};

_Static_assert(offsetof(struct showing, task) == 0, "a task is cast to it");

static void show_one(struct task *task)
{
	sql_upload_show(db_of(task), ((struct showing *)(void *)task)->id, SHOW_ROWS);
}

/* A batch of each, so that one that very much shows keeps no other waiting. */
static int32_t show_some(struct task *task)
{
	struct db *db = db_of(task);
	size_t count;
	const struct uploads_to_show_row *row =
	    sql_uploads_to_show_rows(db, sql_uploads_to_show(db, SHOW_COUNT), &count);

	for (size_t i = 0; i < count; i++) {
		struct showing one = {.id = row[i].id};
		const char *why = task_attempt(task, &one.task, show_one);

		if (why == NULL)
			continue;
		LOG_WARNING("an upload is shown later", log_str("why", why));
		sql_upload_show_later(db, row[i].id);
	}
	return (int32_t)count;
}

void media_show(struct task *task)
{
	forget_all(task, show_some, 1);
}

static void delete_all(struct task *task, const char *prefix)
{
	struct object_entry *entries;
	size_t count = OBJECT_LIST_MAX;

	while (count == OBJECT_LIST_MAX) {
		int rc = objects_list(media_objects(), task->arena, prefix, "", OBJECT_LIST_MAX,
		                      task->deadline_ms, &count, &entries);

		for (size_t i = 0; rc == 0 && i < count; i++)
			rc = objects_delete(media_objects(), entries[i].key, task->deadline_ms);
		if (rc < 0)
			media_end_store(task, rc);
	}
}

/* A task of its own, so that a failure does not affect other uploads. */
struct removal {
	struct task task; /* must be first: cast to the struct */
	const struct uploads_removed_row *row;
};

_Static_assert(offsetof(struct removal, task) == 0, "a task is cast to it");

static bool is_referred(struct task *task, struct uuid id)
{
	struct db *db = db_of(task);

	return sql_upload_is_referred_rows(db, sql_upload_is_referred(db, id), NULL)->referred;
}

static bool has_own_objects(struct task *task, const struct uploads_removed_row *row)
{
	struct db *db = db_of(task);

	return row->object_group != NULL &&
	       !sql_upload_group_is_shared_rows(db, sql_upload_group_is_shared(db, row->id), NULL)
	            ->shared;
}

/* The objects first and the row last, so that nothing is forgotten wherever this is cut off. */
static void remove_one(struct task *task)
{
	const struct uploads_removed_row *row = ((struct removal *)(void *)task)->row;
	char id[UUID_TEXT_LENGTH + 1];

	uuid_format(row->id, id);
	if (is_referred(task, row->id)) {
		LOG_WARNING("an upload is used by a row that is not counted",
		            log_str("upload_id", id));
		sql_upload_unremove(db_of(task), row->id);
		return;
	}
	delete_all(task, arena_printf(task->arena, OBJECTS_INCOMING "%s/", id));
	if (has_own_objects(task, row))
		delete_all(task,
		           arena_printf(task->arena, "%s/%s/", row->visibility, row->object_group));
	sql_upload_delete(db_of(task), row->id);
}

void media_remove(struct task *task)
{
	struct db *db = db_of(task);
	const struct uploads_removed_row *row;
	size_t count;
	int failures = 0;

	sql_fetch_hosts_forget(db);
	forget_all(task, release_some, RELEASE_COUNT);
	row = sql_uploads_removed_rows(db, sql_uploads_removed(db, LIMIT_UPLOADS_REMOVED), &count);
	for (size_t i = 0; i < count && failures < FAILURES_MAX; i++) {
		struct removal one = {.row = &row[i]};
		const char *why = task_attempt(task, &one.task, remove_one);
		char id[UUID_TEXT_LENGTH + 1];

		failures = why == NULL ? 0 : failures + 1;
		if (failures != 1)
			continue;
		uuid_format(row[i].id, id);
		LOG_WARNING("upload not removed", log_str("upload_id", id), log_str("why", why));
	}
}
