/*
 * oversee: what admins see of orders and do to them.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "moves.sql.h"
#include "queue.sql.h"
#include "shop/feed/feed.h"
#include "shop/orders/handle.h"

/* GET /v1/admin/orders */
void admin_list_orders(struct request *rq, const struct admin_list_orders_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status ? ORDER_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_admin_orders_page(db_of(&rq->task), status,
	                                 number_prefix(rq->task.arena, in->q), in->user_id,
	                                 page.after_key, page.after_id, page.count));
}

/* GET /v1/admin/orders/{order_id} */
void admin_get_order(struct request *rq, const struct admin_get_order_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct order_rows asked = order_ask(batch, in->order_id, VIEW_ADMIN);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	db_run(batch);
	order_json(order_take(batch, &asked), VIEW_ADMIN, &json);
	reply_json(rq, 200, &body);
}

/* GET /v1/admin/sub-orders */
void admin_list_sub_orders(struct request *rq, const struct admin_list_sub_orders_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status ? SUB_ORDER_STATUS_NAMES[*in->status] : NULL;
	struct uuid vendor;
	bool by_id = in->vendor && uuid_parse(in->vendor, &vendor);

	reply_page(rq, &page,
	           sql_admin_sub_orders_page(db_of(&rq->task), status,
	                                     number_prefix(rq->task.arena, in->q),
	                                     by_id ? &vendor : NULL, by_id ? NULL : in->vendor,
	                                     page.after_key, page.after_id, page.count));
}

/* GET /v1/admin/sub-orders/{sub_order_id} */
void admin_get_sub_order(struct request *rq, const struct admin_get_sub_order_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct sub_order_rows asked = sub_order_ask(batch, in->sub_order_id, VIEW_ADMIN);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	db_run(batch);
	sub_order_json(sub_order_take(batch, &asked), VIEW_ADMIN, &json);
	reply_json(rq, 200, &body);
}

/* POST /v1/admin/sub-orders/{sub_order_id}/transition */
void transition_sub_order(struct request *rq, const struct transition_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id, VIEW_ADMIN);
	enum sub_order_state to;
	bool known = sub_order_state_parse(SUB_ORDER_STATUS_NAMES[in->to], &to);

	assert(known);
	if (to == CANCELLED)
		move_cancel(&move, in->lines_count, in->lines, in->reason);
	else if (in->lines)
		task_end_field(&rq->task, "/lines", "unexpected", "Only cancelling takes lines.");
	else
		move_to(&move, to, in->reason);
	reply_move(rq, &move);
}

/* Those that wait for the money. */
static struct uuid_array awaiting(struct arena *arena, const struct order *order)
{
	struct uuid *ids = arena_array(arena, order->sub_order_count, sizeof ids[0]);
	size_t count = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		if (order->sub_orders[i].state == AWAITING_PAYMENT)
			ids[count++] = order->sub_orders[i].id;
	return (struct uuid_array){count, ids};
}

/* POST /v1/admin/orders/{order_id}/payment-received */
void mark_payment_received(struct request *rq, const struct mark_payment_received_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct order *order = order_lock(chain, in->order_id, VIEW_ADMIN);

	if (strcmp(order->payment_method, "manual") != 0)
		end_not_allowed(&rq->task, CANCELLED, 0, "It is paid in cash on delivery.");
	if (strcmp(order->payment_state, "pending") != 0)
		end_not_allowed(&rq->task, CANCELLED, 0, "No payment is pending.");
	sql_payment_receive(chain, in->order_id, in->reference);
	feed_tell(chain);
	orders_move(chain, awaiting(rq->task.arena, order),
	            transition_find(AWAITING_PAYMENT, PLACED, BY_PAYMENT), in->reference);
	reply_order(rq, tx, chain, in->order_id, VIEW_ADMIN);
}
