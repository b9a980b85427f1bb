/*
 * payments: admins record received payments and refunds.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "moves.sql.h"
#include "payments.sql.h"
#include "provided.sql.h"
#include "shop/chat/chat.h"
#include "shop/feed/feed.h"
#include "shop/orders/order_reply.h"

static struct uuid_array all_parts(struct arena *arena, const struct order *order)
{
	struct uuid *ids = arena_array(arena, order->sub_order_count, sizeof(ids[0]));

	assert(order->sub_order_count > 0);
	for (size_t i = 0; i < order->sub_order_count; i++)
		ids[i] = order->sub_orders[i].id;
	return (struct uuid_array){order->sub_order_count, ids};
}

/* The sub-orders awaiting payment. */
static struct uuid_array awaiting(struct arena *arena, const struct order *order)
{
	struct uuid *ids = arena_array(arena, order->sub_order_count, sizeof(ids[0]));
	size_t count = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		if (order->sub_orders[i].state == AWAITING_PAYMENT)
			ids[count++] = order->sub_orders[i].id;
	return (struct uuid_array){count, ids};
}

static bool is_in_state(const struct order *order, const char *state)
{
	return strcmp(order->payment.state, state) == 0;
}

/* The received amount: as given; else the amount due, or the full amount when the payment is
 * cancelled. */
static int64_t amount_of(struct task *task, const struct mark_payment_received_in *in,
                         const struct order *order)
{
	const struct payment *payment = &order->payment;

	assert(payment->due >= 0 && payment->due <= payment->amount);
	if (in->amount == NULL)
		return is_in_state(order, "cancelled") ? payment->amount : payment->due;
	if (strcmp(in->amount->currency, order->currency) != 0)
		task_end_field(task, "/amount/currency", "currency",
		               "The currency of the order is %s.", order->currency);
	if (in->amount->amount < payment->due)
		task_end_field(task, "/amount/amount", "minimum",
		               "The amount is less than the amount due.");
	if (in->amount->amount > payment->amount)
		task_end_field(task, "/amount/amount", "maximum",
		               "The amount is more than the order total.");
	return in->amount->amount;
}

/* POST /v1/admin/orders/{order_id}/payment-received: also for a payment received after
 * cancellation. */
void mark_payment_received(struct request *rq, const struct mark_payment_received_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct order *order = order_lock(chain, in->order_id);

	if (strcmp(order->payment.method, "manual") != 0)
		end_not_allowed(&rq->task, CANCELLED, 0, "The payment is not a bank transfer.");
	if (!is_in_state(order, "pending") && !is_in_state(order, "cancelled"))
		end_not_allowed(&rq->task, CANCELLED, 0, "The payment was already received.");
	chat_lock(chain, all_parts(rq->task.arena, order));
	sql_payment_receive(chain, in->order_id, amount_of(&rq->task, in, order), in->reference);
	sql_payments_settle(chain, all_parts(rq->task.arena, order));
	feed_notify(chain);
	orders_move(chain, awaiting(rq->task.arena, order),
	            transition_find(AWAITING_PAYMENT, PLACED, BY_PAYMENT), in->reference);
	reply_order(rq, tx, chain, in->order_id);
}

/* Ends the task when the refund due, under the locks, is not what was paid back: something else may
 * have become due since. */
static void check_paid_back(struct db *tx, const struct mark_refunded_in *in,
                            const struct order *order)
{
	struct task *task = db_task(tx);
	int64_t due = sql_refund_due_rows(tx, sql_refund_due(tx, in->order_id), NULL)->amount;

	assert(due > 0);
	if (strcmp(in->amount.currency, order->currency) != 0)
		task_end_field(task, "/amount/currency", "currency",
		               "The currency of the order is %s.", order->currency);
	if (in->amount.amount == due)
		return;
	task_end_with(
	    task, (struct problem){
	              .code = PROBLEM_CONFLICT,
	              .detail = "Another amount is due.",
	              .extra = arena_printf(task->arena,
	                                    "\"refund_due\":{\"amount\":%lld,\"currency\":\"%s\"}",
	                                    (long long)due, order->currency),
	          });
}

/* POST /v1/admin/orders/{order_id}/refunded: the whole refund due was paid back. */
void mark_refunded(struct request *rq, const struct mark_refunded_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct order *order = order_lock(chain, in->order_id);

	if (!is_in_state(order, "refund_due"))
		end_not_allowed(&rq->task, CANCELLED, 0, "No refund is due.");
	if (sql_refunds_under_way_rows(tx, sql_refunds_under_way(tx, in->order_id), NULL)->any)
		end_not_allowed(&rq->task, CANCELLED, 0, "The provider is asked to refund it.");
	check_paid_back(tx, in, order);
	sql_refunds_by_hand(chain, in->order_id);
	sql_payment_refund(chain, in->order_id, in->reference);
	sql_payments_settle(chain, all_parts(rq->task.arena, order));
	feed_notify(chain);
	reply_order(rq, tx, chain, in->order_id);
}
