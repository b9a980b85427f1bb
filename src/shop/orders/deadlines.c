/*
 * deadlines: moves sub-orders whose deadline has passed. Due sub-orders are taken in batches that
 * skip rows locked by other transactions, and moved like any other. A failed move is retried with
 * growing delay and does not block other sub-orders.
 */
#include "shop/orders/deadlines.h"

#include <assert.h>
#include <stddef.h>

#include "deadlines.sql.h"
#include "net/log.h"
#include "shop/chat/chat.h"
#include "shop/orders/move.h"

enum {
	/* Sub-orders per transaction: their variants are locked until its commit. */
	DUE_BATCH = 20,
	/* Batches per run, so that a backlog leaves time for other jobs. */
	DUE_BATCHES_MAX = 50,
};

static const char NOT_SHIPPED[] = "Not shipped in time";

/* The transition at the deadline of each state that has one, except PART_SHIPPED: see end_shipping.
 */
static const struct {
	enum sub_order_state from, to;
	const char *reason;
} ON_TIME[] = {
    {AWAITING_PAYMENT, CANCELLED, "Not paid in time"},
    {PLACED, CANCELLED, "Not accepted in time"},
    {ACCEPTED, CANCELLED, NOT_SHIPPED},
    {PACKED, CANCELLED, NOT_SHIPPED},
    {DELIVERED, COMPLETED, "Completed automatically after delivery"},
};

/* A due sub-order, as read under its lock. */
struct due {
	struct uuid id;
	enum sub_order_state state;
	bool arrived; /* partially shipped, and all its shipments have arrived */
};

static bool has_arrived(struct uuid id, size_t count, const struct sub_orders_sent_row *sent)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(sent[i].id, id))
			return sent[i].arrived;
	return false;
}

static struct due *read_due(struct db *tx, struct uuid_array ids,
                            const struct sub_orders_due_row *rows)
{
	struct due *due = arena_array(db_task(tx)->arena, ids.count, sizeof(due[0]));
	size_t count;
	const struct rows *asked = sql_sub_orders_sent(tx, ids);
	const struct sub_orders_sent_row *sent = sql_sub_orders_sent_rows(tx, asked, &count);

	assert(count <= ids.count);
	for (size_t i = 0; i < ids.count; i++) {
		bool known = sub_order_state_parse(rows[i].state, &due[i].state);
		assert(known);
		due[i].id = rows[i].id;
		due[i].arrived =
		    due[i].state == PART_SHIPPED && has_arrived(rows[i].id, count, sent);
	}
	return due;
}

static struct uuid_array pick(struct arena *arena, size_t count, const struct due *due,
                              enum sub_order_state state, bool arrived)
{
	struct uuid *ids = arena_array(arena, count, sizeof(ids[0]));
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (due[i].state == state && due[i].arrived == arrived)
			ids[found++] = due[i].id;
	return (struct uuid_array){found, ids};
}

/* Cancels the unshipped rest: the sub-order becomes shipped, and delivered if all has arrived. */
static void end_shipping(struct db *chain, struct uuid_array ids, bool arrived)
{
	orders_cancel_rest(chain, ids, PART_SHIPPED, NOT_SHIPPED);
	orders_move(chain, ids, transition_find(PART_SHIPPED, SHIPPED, BY_CLOCK), NULL);
	if (arrived)
		orders_move(chain, ids, transition_find(SHIPPED, DELIVERED, BY_CLOCK), NULL);
}

static void move_due(struct db *chain, size_t count, const struct due *due)
{
	struct arena *arena = db_task(chain)->arena;

	for (size_t i = 0; i < sizeof(ON_TIME) / sizeof(ON_TIME[0]); i++)
		orders_move(chain, pick(arena, count, due, ON_TIME[i].from, false),
		            transition_find(ON_TIME[i].from, ON_TIME[i].to, BY_CLOCK),
		            ON_TIME[i].reason);
	end_shipping(chain, pick(arena, count, due, PART_SHIPPED, false), false);
	end_shipping(chain, pick(arena, count, due, PART_SHIPPED, true), true);
}

/* Invoices what became shipped here; what was before is invoiced, or is older than invoices. */
static void invoice_shipped(struct db *chain, size_t count, const struct due *due)
{
	struct uuid *ids = arena_array(db_task(chain)->arena, count, sizeof(ids[0]));
	size_t shipped = 0;

	for (size_t i = 0; i < count; i++)
		if (due[i].state == PART_SHIPPED)
			ids[shipped++] = due[i].id;
	if (shipped > 0)
		orders_invoice(chain, (struct uuid_array){shipped, ids});
}

/* A task of its own, so that a failed move ends only this batch. */
struct due_batch {
	struct task task;        /* must be first: cast to the batch */
	const struct uuid *only; /* NULL: all that are due */
	size_t count;            /* of ids */
	struct uuid ids[DUE_BATCH];
};

_Static_assert(offsetof(struct due_batch, task) == 0, "a task is cast to its batch");

static void move_batch(struct task *task)
{
	struct due_batch *batch = (struct due_batch *)(void *)task;
	struct db *tx = db_begin(task);
	struct db *chain = db_chain(tx);
	const struct rows *due = sql_sub_orders_due(tx, DUE_BATCH, batch->only);
	const struct sub_orders_due_row *rows = sql_sub_orders_due_rows(tx, due, &batch->count);
	struct uuid_array ids = {batch->count, batch->ids};

	assert(batch->count <= (batch->only != NULL ? 1 : DUE_BATCH));
	if (batch->count == 0)
		return;
	for (size_t i = 0; i < batch->count; i++)
		batch->ids[i] = rows[i].id;
	chat_lock(chain, ids);
	const struct due *states = read_due(tx, ids, rows);
	move_due(chain, batch->count, states);
	orders_settle(chain, ids);
	invoice_shipped(chain, batch->count, states);
	db_run(chain);
	db_commit(tx);
}

/* One sub-order of the batch failed and rolled back all: move each in its own transaction. */
static void move_one_by_one(struct task *task, const struct due_batch *failed)
{
	for (size_t i = 0; i < failed->count; i++) {
		struct due_batch batch = {.only = &failed->ids[i]};
		const char *why = task_attempt(task, &batch.task, move_batch);
		char id[UUID_TEXT_LENGTH + 1];

		if (why == NULL)
			continue;
		uuid_format(failed->ids[i], id);
		LOG_WARNING("deadline failed", log_str("sub_order_id", id), log_str("reason", why));
		sql_deadline_failed(db_of(task), failed->ids[i], why);
	}
}

void orders_meet_deadlines(struct task *task)
{
	sql_deadline_failures_forget(db_of(task));
	for (int i = 0; i < DUE_BATCHES_MAX; i++) {
		struct due_batch batch = {0};
		const char *why = task_attempt(task, &batch.task, move_batch);

		if (why != NULL && batch.count == 0)
			task_end(task, PROBLEM_UNAVAILABLE, "%s", why);
		if (why != NULL)
			move_one_by_one(task, &batch);
		if (batch.count < DUE_BATCH)
			return;
	}
}
