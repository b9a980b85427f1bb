/*
 * move: the only mechanism that changes sub-orders, for customers, staff, admins, deadlines and
 * payments alike. It keeps state, history, notifications, stock and money consistent.
 *
 * A request moves a sub-order in one transaction: move_begin locks and reads it, move_to and the
 * other functions check the transition table and collect the writes, move_finish runs them and
 * reads the sub-order back in one round trip. Nothing is written before that: a task that ends
 * earlier has changed nothing. moves.sql defines the lock order.
 */
#ifndef SEBEZ_SHOP_ORDERS_MOVE_H
#define SEBEZ_SHOP_ORDERS_MOVE_H

#include "shop/orders/orders.h"
#include "task/params.h"

struct line_quantity_input_in; /* of the contract: line_id, quantity */

struct move {
	struct task *task;
	struct db *tx;
	struct db *writes; /* chain of tx: the writes of move_finish */
	/* As read under the lock; its state and line quantities are updated with the collected
	 * writes. part->who: who may move it. */
	struct sub_order *part;
	bool cancels; /* payments must be settled and stock released */
	bool ships;   /* it must be invoiced */
};

/* A quantity per line; count 0: nothing. */
struct line_quantities {
	size_t count;
	struct line_quantity *items;
};

/* Begins the transaction, locks and reads the sub-order. Ends the task (404) when the actor has no
 * such sub-order. */
struct move move_begin(struct task *task, struct uuid sub_order_id);

/* Changes the state with all its effects. Ends the task (409) when the table does not allow it.
 * Partial cancellation: move_cancel. */
void move_to(struct move *move, enum sub_order_state to, const char *reason);

/* Ends the task (409) unless the table allows the transition from the current state. */
void move_check(const struct move *move, enum sub_order_state to);

/* Ends the task with a 409 that lists the allowed transitions. */
_Noreturn void move_refuse(const struct move *move, const char *detail);

/* The lines of a request body. Ends the task (400) when a line is not part of the sub-order, is
 * listed twice, or exceeds the remaining quantity. */
struct line_quantities move_lines(const struct move *move, size_t count,
                                  const struct line_quantity_input_in *lines);
/* All quantities neither shipped nor cancelled. */
struct line_quantities move_rest(const struct move *move);

/* Cancels the given lines, or everything neither shipped nor cancelled (NULL). The sub-order
 * becomes cancelled when nothing is left, shipped when the rest is shipped, and otherwise keeps its
 * state. */
void move_cancel(struct move *move, size_t count, const struct line_quantity_input_in *lines,
                 const char *reason);

struct parcel {
	const char *carrier, *tracking_number, *tracking_url; /* may be NULL */
};

/* Ships the quantities in one shipment. The sub-order becomes shipped when nothing is left, else
 * partially shipped. */
void move_ship(struct move *move, const struct line_quantities *lines, const struct parcel *parcel);

/* Marks one shipment as arrived, or all in transit (NULL); 409 when none is in transit. The
 * sub-order becomes delivered when everything was shipped and has arrived. */
void move_arrive(struct move *move, const struct uuid *shipment_id);

/* Whether the shipment has arrived. Ends the task (404) when it is not the sub-order's. */
bool move_has_arrived(struct move *move, struct uuid shipment_id);

/* Runs the collected writes and reads the sub-order back. The caller commits (reply_commit_*). */
struct sub_order *move_finish(struct move *move);

/*
 * Moves several sub-orders. The caller has locked them in order of their ids and found the
 * transition in the table. Collects in db.
 */
void orders_move(struct db *db, struct uuid_array ids, const struct transition *transition,
                 const char *reason);
/* Cancels what is not shipped; the sub-orders keep their state. */
void orders_cancel_rest(struct db *db, struct uuid_array ids, enum sub_order_state state,
                        const char *reason);
/* Settles payments and releases stock. Call once, after all moves of a transaction that cancelled
 * something. */
void orders_settle(struct db *db, struct uuid_array ids);
/* Invoices those that were shipped. Call once, last of a transaction that shipped something. */
void orders_invoice(struct db *db, struct uuid_array ids);

#endif
