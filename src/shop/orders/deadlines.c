/*
 * deadlines: the clock. What is due is taken in batches that no other server's clock has taken, and
 * moved as anybody moves it.
 */
#include <assert.h>

#include "deadlines.sql.h"
#include "shop/orders/move.h"

enum {
	/* Sub-orders of one transaction: their variants are locked until its commit. */
	DUE_BATCH = 20,
	/* Of one run, so that a flood leaves room for other jobs' turns. */
	DUE_BATCHES_MAX = 50,
};

/* What the clock does to each state that has a deadline. */
static const struct {
	enum sub_order_state from, to;
	const char *reason;
} ON_TIME[] = {
    {AWAITING_PAYMENT, CANCELLED, "Not paid in time"},
    {PLACED, CANCELLED, "Not accepted in time"},
    {DELIVERED, COMPLETED, "Delivered, and nothing was reported"},
};

static struct uuid_array in_state(struct arena *arena, enum sub_order_state state, size_t count,
                                  const struct sub_orders_due_row *rows)
{
	struct uuid *ids = arena_array(arena, count, sizeof ids[0]);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		enum sub_order_state its;
		bool known = sub_order_state_parse(rows[i].state, &its);
		assert(known);
		if (its == state)
			ids[found++] = rows[i].id;
	}
	return (struct uuid_array){found, ids};
}

static struct uuid_array all(struct arena *arena, size_t count,
                             const struct sub_orders_due_row *rows)
{
	struct uuid *ids = arena_array(arena, count, sizeof ids[0]);

	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].id;
	return (struct uuid_array){count, ids};
}

/* Moves one batch; how many there were. */
static size_t meet_some(struct task *task)
{
	struct db *tx = db_begin(task);
	struct db *chain = db_chain(tx);
	size_t count;
	const struct rows *due = sql_sub_orders_due(tx, DUE_BATCH);
	const struct sub_orders_due_row *rows = sql_sub_orders_due_rows(tx, due, &count);

	for (size_t i = 0; count && i < sizeof ON_TIME / sizeof ON_TIME[0]; i++)
		orders_move(chain, in_state(task->arena, ON_TIME[i].from, count, rows),
		            transition_find(ON_TIME[i].from, ON_TIME[i].to, BY_CLOCK),
		            ON_TIME[i].reason);
	if (count)
		orders_settle(chain, all(task->arena, count, rows));
	db_run(chain);
	db_commit(tx);
	return count;
}

void orders_meet_deadlines(struct task *task)
{
	for (int i = 0; i < DUE_BATCHES_MAX; i++)
		if (meet_some(task) < DUE_BATCH)
			return;
}
