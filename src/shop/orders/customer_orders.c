/*
 * customer_orders: listing a customer's orders; reading one order, also for admins.
 */
#include "shop/orders/orders.h"

#include "api.gen.h"
#include "order_lists.sql.h"
#include "shop/orders/order_reply.h"

/* GET /v1/orders */
void list_orders(struct request *rq, const struct list_orders_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? ORDER_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_orders_page(db_of(&rq->task), &(struct orders_page_args){
	                                                 .account = &rq->task.actor.account_id,
	                                                 .status = status,
	                                                 .since = in->created_after,
	                                                 .before = in->created_before,
	                                                 .after_id = page.after_id,
	                                                 .page_size = page.count,
	                                             }));
}

/* GET /v1[/admin]/orders/{order_id} */
void get_order(struct request *rq, const struct get_order_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct order_rows asked = order_ask(batch, in->order_id);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	db_run(batch);
	order_json(order_fetch(batch, &asked), order_view_of(&rq->task), &json);
	reply_json(rq, 200, &body);
}
