/*
 * cancel: a customer or vendor cancels an order, a sub-order, or some of its lines.
 */
#include <assert.h>

#include "api.gen.h"
#include "moves.sql.h"
#include "shop/orders/order_reply.h"

/* POST /v1[/vendors/{vendor_id}]/sub-orders/{sub_order_id}/cancel */
void cancel_sub_order(struct request *rq, const struct cancel_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);

	move_cancel(&move, in->lines_count, in->lines, in->reason);
	reply_move(rq, &move);
}

/* The sub-orders not cancelled yet. Ends the task (409) when one of them cannot be cancelled. */
static struct uuid_array to_cancel(struct task *task, const struct order *order)
{
	struct uuid *ids = arena_array(task->arena, order->sub_order_count, sizeof(ids[0]));
	size_t count = 0;

	for (size_t i = 0; i < order->sub_order_count; i++) {
		const struct sub_order *part = &order->sub_orders[i];
		if (part->state == CANCELLED)
			continue;
		if (transition_find(part->state, CANCELLED, BY_CUSTOMER) == NULL)
			end_not_allowed(task, part->state, BY_CUSTOMER,
			                arena_printf(task->arena, "Sub-order %s is already %s.",
			                             part->number,
			                             sub_order_state_name(part->state)));
		ids[count++] = part->id;
	}
	if (count == 0)
		end_not_allowed(task, CANCELLED, BY_CUSTOMER, "The order is already cancelled.");
	assert(count <= order->sub_order_count);
	return (struct uuid_array){count, ids};
}

/* POST /v1/orders/{order_id}/cancel: all of its sub-orders, or none. */
void cancel_order(struct request *rq, const struct cancel_order_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct order *order = order_lock(chain, in->order_id);
	struct uuid_array ids = to_cancel(&rq->task, order);

	/* The effect is the same for every state that a customer may cancel from. */
	orders_move(chain, ids, transition_find(PLACED, CANCELLED, BY_CUSTOMER), in->reason);
	orders_settle(chain, ids);
	reply_order(rq, tx, chain, in->order_id);
}
