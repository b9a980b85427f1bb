#include <assert.h>

#include "base/limits.h"
#include "fetch.sql.h"
#include "net/loop.h"
#include "shop/media/process_internal.h"
#include "shop/media/upload.h"

enum {
	PUT_MS = 60 * 1000, /* of all parts */
	ROOM_MS = 20 * 1000,
	QUIET_MS = 1000, /* after the first failure of the store; then twice as long each time */
	QUIET_MAX_MS = 60 * 1000,
	TRYING_MS = 500, /* until the others look whether the one that tries has succeeded */
};

/* The store. */

int32_t media_store_wait_ms(struct media_fetch_store *store, const struct media_fetcher *fetcher)
{
	int64_t now_ms = loop_now_ms();

	assert(fetcher != NULL && store->trying != fetcher);
	if (store->quiet_ms == 0)
		return 0;
	if (now_ms < store->quiet_until_ms)
		return (int32_t)(store->quiet_until_ms - now_ms);
	if (store->trying != NULL)
		return TRYING_MS;
	store->trying = fetcher;
	return 0;
}

void media_store_tried(struct media_fetch_store *store, const struct media_fetcher *fetcher)
{
	if (store->trying == fetcher)
		store->trying = NULL;
}

/* Those that were under way when it began to fail count as one. */
static enum media_kept store_failed(struct media_fetch_store *store)
{
	if (loop_now_ms() >= store->quiet_until_ms) {
		store->quiet_ms = store->quiet_ms == 0                 ? QUIET_MS
		                  : store->quiet_ms * 2 > QUIET_MAX_MS ? QUIET_MAX_MS
		                                                       : store->quiet_ms * 2;
		store->quiet_until_ms = loop_now_ms() + store->quiet_ms;
	}
	return MEDIA_STORE_FAILED;
}

/* Keeping. */

static bool has_room(struct db *db, const struct media_fetched *fetched)
{
	struct rows *rows =
	    sql_upload_has_room(db, fetched->id, fetched->bytes, upload_part_count(fetched->bytes),
	                        LIMIT_VENDOR_UPLOADS, (int64_t)LIMIT_VENDOR_UPLOAD_MIB << 20);

	return sql_upload_has_room_rows(db, rows, NULL)->fits;
}

static bool is_fetched(struct db *db, const struct media_fetched *fetched)
{
	struct rows *rows =
	    sql_upload_fetched(db, &(struct upload_fetched_args){
	                               .id = fetched->id,
	                               .bytes = fetched->bytes,
	                               .part_count = upload_part_count(fetched->bytes),
	                               .etag = fetched->etag,
	                               .uploads_max = LIMIT_VENDOR_UPLOADS,
	                               .bytes_max = (int64_t)LIMIT_VENDOR_UPLOAD_MIB << 20,
	                           });

	return sql_upload_fetched_rows(db, rows, NULL)->fits;
}

/* An attempt before may have put more parts. */
static int put(struct task *task, const struct media_fetched *fetched, int64_t deadline_ms)
{
	int rc =
	    media_put_parts(task->arena, fetched->id, fetched->fd, fetched->bytes, deadline_ms);

	for (int32_t number = upload_part_count(fetched->bytes) + 1;
	     rc == 0 && number <= fetched->parts_before; number++)
		rc = objects_delete(media_objects(),
		                    upload_part_key(task->arena, fetched->id, number), deadline_ms);
	return rc;
}

enum media_kept media_fetched_keep(struct task *task, struct media_fetch_store *store,
                                   const struct media_fetched *fetched)
{
	assert(fetched->bytes > 0 && fetched->fd >= 0);
	task->deadline_ms = loop_now_ms() + ROOM_MS;
	if (!has_room(db_of(task), fetched))
		return MEDIA_NO_ROOM;
	if (put(task, fetched, loop_now_ms() + PUT_MS) < 0)
		return store_failed(store);
	store->quiet_ms = 0;
	task->deadline_ms = loop_now_ms() + ROOM_MS;
	return is_fetched(db_of(task), fetched) ? MEDIA_KEPT : MEDIA_NO_ROOM;
}
