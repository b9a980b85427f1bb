/*
 * vendor_orders: listing a vendor's sub-orders; reading one, also for admins, and its history.
 */
#include "api.gen.h"
#include "order_lists.sql.h"
#include "orders_read.sql.h"
#include "shop/orders/order_reply.h"

/* GET /v1/vendors/{vendor_id}/sub-orders */
void list_sub_orders(struct request *rq, const struct list_sub_orders_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? SUB_ORDER_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_sub_orders_page(db_of(&rq->task),
	                               &(struct sub_orders_page_args){
	                                   .vendor = &in->vendor_id,
	                                   .status = status,
	                                   .number = number_prefix(rq->task.arena, in->q),
	                                   .since = in->created_after,
	                                   .before = in->created_before,
	                                   .after_id = page.after_id,
	                                   .page_size = page.count,
	                               }));
}

/* GET /v1/(vendors/{vendor_id}|admin)/sub-orders/{sub_order_id} */
void get_sub_order(struct request *rq, const struct get_sub_order_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct sub_order_rows asked = sub_order_ask(batch, in->sub_order_id);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	db_run(batch);
	sub_order_json(sub_order_fetch(batch, &asked), order_view_of(&rq->task), &json);
	reply_json(rq, 200, &body);
}

/* GET /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/history */
void get_sub_order_history(struct request *rq, const struct get_sub_order_history_in *in)
{
	struct db *db = db_of(&rq->task);
	size_t count;
	const struct rows *rows = sql_sub_order_history_json(db, in->sub_order_id);
	const struct sub_order_history_json_row *history =
	    sql_sub_order_history_json_rows(db, rows, &count);
	struct buf body = buf_new(rq->task.arena, 1024);

	buf_printf(&body, "{\"items\":%s,\"next_cursor\":null}", history->items);
	reply_json(rq, 200, &body);
}
