/*
 * deadlines: the clock. What is due is taken in batches that no other server's clock has taken, and
 * moved as anybody moves it. What cannot be moved waits, longer each time, and holds nobody up.
 */
#include <assert.h>

#include "deadlines.sql.h"
#include "net/log.h"
#include "shop/chat/chat.h"
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

/* A task of its own, so that what it cannot move ends only this turn. */
struct turn {
	struct task task;        /* first: the turn is found by it */
	const struct uuid *only; /* NULL: whatever is due */
	size_t count;            /* of those it took */
	struct uuid ids[DUE_BATCH];
};

static void meet_some(struct task *task)
{
	struct turn *turn = (struct turn *)(void *)task;
	struct db *tx = db_begin(task);
	struct db *chain = db_chain(tx);
	const struct rows *due = sql_sub_orders_due(tx, DUE_BATCH, turn->only);
	const struct sub_orders_due_row *rows = sql_sub_orders_due_rows(tx, due, &turn->count);
	struct uuid_array ids = {turn->count, turn->ids};

	assert(turn->count <= DUE_BATCH);
	if (turn->count == 0)
		return;
	for (size_t i = 0; i < turn->count; i++)
		turn->ids[i] = rows[i].id;
	chat_hold(chain, ids);
	for (size_t i = 0; i < sizeof ON_TIME / sizeof ON_TIME[0]; i++)
		orders_move(chain, in_state(task->arena, ON_TIME[i].from, turn->count, rows),
		            transition_find(ON_TIME[i].from, ON_TIME[i].to, BY_CLOCK),
		            ON_TIME[i].reason);
	orders_settle(chain, ids);
	db_run(chain);
	db_commit(tx);
}

/* One of them cannot be moved, and with it none: each gets a turn of its own. */
static void meet_one_by_one(struct task *task, const struct turn *failed)
{
	for (size_t i = 0; i < failed->count; i++) {
		struct turn turn = {.only = &failed->ids[i]};
		const char *why = task_attempt(task, &turn.task, meet_some);
		char id[UUID_TEXT_LENGTH + 1];

		if (!why)
			continue;
		uuid_format(failed->ids[i], id);
		LOG_WARNING("deadline failed", log_str("sub_order_id", id), log_str("why", why));
		sql_deadline_failed(db_of(task), failed->ids[i], why);
	}
}

void orders_meet_deadlines(struct task *task)
{
	sql_deadline_failures_forget(db_of(task));
	for (int i = 0; i < DUE_BATCHES_MAX; i++) {
		struct turn turn = {0};
		const char *why = task_attempt(task, &turn.task, meet_some);

		if (why && turn.count == 0)
			task_end(task, PROBLEM_UNAVAILABLE, "%s", why);
		if (why)
			meet_one_by_one(task, &turn);
		if (turn.count < DUE_BATCH)
			return;
	}
}
