/*
 * sync: the initial state of a device.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "shop/feed/feed.h"
#include "sync.sql.h"
#include "task/rows.h"
#include "web/reply.h"

/* GET /v1[/vendors/{vendor_id}]/sync */
void get_sync(struct request *rq, const struct get_sync_in *in)
{
	struct uuid owner = in->vendor_id != NULL ? *in->vendor_id : rq->task.actor.account_id;
	struct db *db = db_of(&rq->task);
	bool vendor = in->vendor_id != NULL;
	const struct rows *state =
	    sql_device_sync(db, owner, vendor, vendor ? LIMIT_SYNC_SUB_ORDERS : LIMIT_SYNC_ORDERS);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	assert(!uuid_is_nil(owner) && rows_count(state) == 1);
	json_open_object(&json);
	json_put_str(&json, "cursor",
	             feed_cursor(rq->task.arena, owner,
	                         rows_int(state, 0, rows_column(state, "_epoch")),
	                         rows_int(state, 0, rows_column(state, "_number"))));
	rows_json_members(state, 0, &json);
	json_close_object(&json);
	reply_send(rq, 200, "application/json", body.data, body.length);
}
