/*
 * admin_orders: the admin endpoints for orders and sub-orders.
 */
#include <string.h>

#include "api.gen.h"
#include "order_lists.sql.h"
#include "shop/accounts/accounts.h"
#include "shop/orders/order_reply.h"

/* GET /v1/admin/orders */
void admin_list_orders(struct request *rq, const struct admin_list_orders_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? ORDER_STATUS_NAMES[*in->status] : NULL;
	const char *email_key = NULL, *number = NULL;

	if (in->q != NULL && strchr(in->q, '@') != NULL)
		email_key = account_key(rq->task.arena, in->q);
	else
		number = number_prefix(rq->task.arena, in->q);
	reply_page(rq, &page,
	           sql_orders_page(db_of(&rq->task), &(struct orders_page_args){
	                                                 .overseen = true,
	                                                 .status = status,
	                                                 .number = number,
	                                                 .email_key = email_key,
	                                                 .account = in->user_id,
	                                                 .since = in->created_after,
	                                                 .before = in->created_before,
	                                                 .after_id = page.after_id,
	                                                 .page_size = page.count,
	                                             }));
}

/* GET /v1/admin/sub-orders */
void admin_list_sub_orders(struct request *rq, const struct admin_list_sub_orders_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? SUB_ORDER_STATUS_NAMES[*in->status] : NULL;
	struct uuid vendor;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor);

	reply_page(rq, &page,
	           sql_sub_orders_page(db_of(&rq->task),
	                               &(struct sub_orders_page_args){
	                                   .overseen = true,
	                                   .status = status,
	                                   .number = number_prefix(rq->task.arena, in->q),
	                                   .vendor = by_id ? &vendor : NULL,
	                                   .slug = by_id ? NULL : in->vendor,
	                                   .since = in->created_after,
	                                   .before = in->created_before,
	                                   .after_id = page.after_id,
	                                   .page_size = page.count,
	                               }));
}

/* POST /v1/admin/sub-orders/{sub_order_id}/transition */
void transition_sub_order(struct request *rq, const struct transition_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);
	enum sub_order_state to = (enum sub_order_state)in->to;

	if (to == CANCELLED)
		move_cancel(&move, in->lines_count, in->lines, in->reason);
	else if (in->lines != NULL)
		task_end_field(&rq->task, "/lines", "unexpected",
		               "lines are only accepted when cancelling");
	else
		move_to(&move, to, in->reason);
	reply_move(rq, &move);
}
