/*
 * on_behalf: places and moves orders without a request: the steps of the handlers, for a task that
 * acts as a customer or as staff.
 */
#include "shop/orders/insert.h"
#include "shop/orders/move.h"
#include "shop/orders/orders.h"

const struct order *orders_place(struct task *task, const struct order_terms *terms)
{
	struct db *reads = db_batch(task);
	struct quote_rows asked = quote_ask(reads, NULL);
	struct quote *quote;

	db_run(reads);
	quote = quote_fetch(reads, &asked);
	(void)quote_price(quote, 0, NULL); /* no choices, so none can be invalid */
	if (quote->line_count == 0 || quote->problem_count > 0 || quote->undeliverable_count > 0)
		task_end(task, PROBLEM_CONFLICT, "The cart cannot be ordered.");

	const struct order *order = order_split(task->arena, quote, terms);
	struct db *writes = db_batch(task);

	order_insert(writes, order);
	db_run(writes);
	return order;
}

void orders_move_to(struct task *task, struct uuid sub_order_id, enum sub_order_state to,
                    const char *reason)
{
	struct move move = move_begin(task, sub_order_id);

	if (to == SHIPPED) {
		struct line_quantities rest = move_rest(&move);
		struct parcel parcel = {"Parcel Post", "PP 4711 0815", NULL};

		move_check(&move, SHIPPED);
		move_ship(&move, &rest, &parcel);
	} else if (to == DELIVERED) {
		move_arrive(&move, NULL);
	} else {
		move_to(&move, to, reason);
	}
	(void)move_finish(&move);
	db_commit(move.tx);
}
