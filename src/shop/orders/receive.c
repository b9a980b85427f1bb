/*
 * receive: payments that a provider took, and refunds that it made, in a transaction of the area
 * `payments`, which has locked the sub-orders.
 */
#include <assert.h>

#include "moves.sql.h"
#include "payments.sql.h"
#include "provided.sql.h"
#include "shop/chat/chat.h"
#include "shop/feed/feed.h"
#include "shop/orders/move.h"

void orders_receive(struct db *chain, struct uuid order_id, int64_t amount, const char *reference)
{
	struct arena *arena = db_task(chain)->arena;
	struct rows *asked = sql_order_parts(chain, order_id);
	const struct order_parts_row *parts;
	struct uuid_array all = {0}, awaiting = {0};
	struct uuid *ids, *waits;
	size_t count;

	db_run(chain);
	parts = sql_order_parts_rows(chain, asked, &count);
	assert(count > 0 && amount > 0);
	ids = arena_array(arena, count, sizeof(ids[0]));
	waits = arena_array(arena, count, sizeof(waits[0]));
	for (size_t i = 0; i < count; i++) {
		ids[all.count++] = parts[i].id;
		if (parts[i].awaits)
			waits[awaiting.count++] = parts[i].id;
	}
	all.items = ids;
	awaiting.items = waits;
	chat_lock(chain, all);
	sql_payment_receive(chain, order_id, amount, reference);
	sql_payments_settle(chain, all);
	feed_notify(chain);
	orders_move(chain, awaiting, transition_find(AWAITING_PAYMENT, PLACED, BY_PAYMENT), NULL);
}

void orders_refund(struct db *chain, struct uuid order_id, struct uuid refund_id)
{
	sql_payment_refund_parts(chain, order_id, refund_id);
	sql_payment_refund_settle(chain, refund_id);
	feed_notify(chain);
}
