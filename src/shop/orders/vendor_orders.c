/*
 * vendor_orders: listing a vendor's sub-orders; reading one, also for admins, and its history.
 */
#include "api.gen.h"
#include "order_lists.sql.h"
#include "orders_read.sql.h"
#include "shop/orders/order_reply.h"

static bool is_to_do(enum sub_order_status_choice status)
{
	return status == SUB_ORDER_STATUS_PLACED || status == SUB_ORDER_STATUS_ACCEPTED ||
	       status == SUB_ORDER_STATUS_PACKED || status == SUB_ORDER_STATUS_PARTIALLY_SHIPPED;
}

static bool is_due_first(struct request *rq, const struct list_sub_orders_in *in)
{
	if (in->sort == NULL || *in->sort == SUB_ORDER_SORT_NEWEST)
		return false;
	if (in->status == NULL || !is_to_do(*in->status))
		task_end_field(&rq->task, "?sort", "requires",
		               "sort=due requires one of the statuses placed, accepted, packed and "
		               "partially_shipped");
	return true;
}

/* GET /v1/vendors/{vendor_id}/sub-orders */
void list_sub_orders(struct request *rq, const struct list_sub_orders_in *in)
{
	bool due = is_due_first(rq, in);
	struct page page = page_open(rq, in->cursor, in->limit, (uint8_t)due,
	                             due ? PAGE_ASCENDING : PAGE_DESCENDING);
	const char *status = in->status != NULL ? SUB_ORDER_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_sub_orders_page(db_of(&rq->task),
	                               &(struct sub_orders_page_args){
	                                   .vendor = &in->vendor_id,
	                                   .status = status,
	                                   .number = number_prefix(rq->task.arena, in->q),
	                                   .since = in->created_after,
	                                   .before = in->created_before,
	                                   .after_due = due ? &page.after_key : NULL,
	                                   .after_id = page.after_id,
	                                   .page_size = page.count,
	                               }));
}

/* GET /v1/vendors/{vendor_id}/sub-order-counts */
void count_sub_orders(struct request *rq, const struct count_sub_orders_in *in)
{
	reply_row(rq, sql_sub_order_counts(db_of(&rq->task), in->vendor_id));
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
