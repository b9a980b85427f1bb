/*
 * list: the notices of an account, as its apps show them.
 */
#include "api.gen.h"
#include "base/limits.h"
#include "notices.sql.h"
#include "shop/notices/notices.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/notifications */
void list_notifications(struct request *rq, const struct list_notifications_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid account = rq->task.actor.account_id;
	struct db *batch = db_batch(&rq->task);
	const struct rows *items =
	    sql_notices_page(batch, account, in->unread, page.after_id, page.count);
	const struct rows *unread = sql_notices_unread(batch, account, LIMIT_NOTICES_COUNTED);

	db_run(batch);
	reply_page_and(rq, &page, items, unread);
}

/* POST /v1/notifications/read */
void read_notifications(struct request *rq, const struct read_notifications_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct db *batch = db_batch(&rq->task);

	if (in->ids != NULL)
		sql_notices_read(batch, account, (struct uuid_array){in->ids_count, in->ids});
	if (in->up_to != NULL)
		sql_notices_read_up_to(batch, account, *in->up_to);
	reply_commit_row(rq, batch, 200, sql_notices_unread(batch, account, LIMIT_NOTICES_COUNTED));
}
