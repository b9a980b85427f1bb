/*
 * deliveries: what owners of webhooks see of deliveries, and ask for. A handler without a vendor_id
 * is for the platform's.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "deliveries.sql.h"
#include "web/page.h"
#include "web/reply.h"

static const struct rows *one(struct db *db, struct uuid webhook, struct uuid id)
{
	return sql_webhook_deliveries(db, webhook, &id, NULL, (struct uuid){0}, 1);
}

/* GET …/webhooks/{webhook_id}/deliveries */
void list_webhook_deliveries(struct request *rq, const struct list_webhook_deliveries_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *state = in->state != NULL ? WEBHOOK_DELIVERY_STATE_NAMES[*in->state] : NULL;
	struct db *batch = db_batch(&rq->task);
	const struct rows *rows;

	sql_webhook_known(batch, in->vendor_id, in->webhook_id);
	rows =
	    sql_webhook_deliveries(batch, in->webhook_id, NULL, state, page.after_id, page.count);
	db_run(batch);
	reply_page(rq, &page, rows);
}

/* POST …/webhooks/{webhook_id}/test */
void test_webhook(struct request *rq, const struct test_webhook_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = uuid_v7();

	sql_webhook_known(tx, in->vendor_id, in->webhook_id);
	sql_webhook_test_insert(tx, id, in->webhook_id);
	sql_webhook_delivery_queue(tx, id);
	reply_commit_row(rq, tx, 202, one(tx, in->webhook_id, id));
}

/* POST …/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver */
void redeliver_webhook(struct request *rq, const struct redeliver_webhook_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct webhook_delivery_lock_row *now;

	sql_webhook_known(tx, in->vendor_id, in->webhook_id);
	now = sql_webhook_delivery_lock_rows(
	    tx, sql_webhook_delivery_lock(tx, in->webhook_id, in->delivery_id), NULL);
	assert(now != NULL);
	if (!now->enabled)
		task_end(&rq->task, PROBLEM_CONFLICT, "The webhook is disabled.");
	if (strcmp(now->state, "pending") == 0)
		task_end(&rq->task, PROBLEM_CONFLICT, "The delivery is pending.");
	sql_webhook_delivery_again(tx, in->delivery_id);
	sql_webhook_delivery_queue(tx, in->delivery_id);
	reply_commit_row(rq, tx, 202, one(tx, in->webhook_id, in->delivery_id));
}
