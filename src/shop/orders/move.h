/*
 * move: the one mechanism that changes sub-orders. Whoever moves one (customer, staff, admin, the
 * clock, a payment) comes through here, so that state, history, notice, stock and money never part.
 *
 * A move of a request is a transaction: move_begin locks the sub-order and reads it, move_to and
 * its like check the table of transitions and collect what is to be written, move_finish writes it
 * in one round trip together with reading it back. Nothing is written until then; a task that ends
 * before has changed nothing. Locks are taken in the order that moves.sql tells.
 */
#ifndef SEBEZ_SHOP_ORDERS_MOVE_H
#define SEBEZ_SHOP_ORDERS_MOVE_H

#include "shop/orders/orders.h"
#include "task/params.h"

struct line_quantity_input_in; /* of the contract: line_id, quantity */

struct move {
	struct task *task;
	struct db *tx;
	struct db *writes; /* a chain of tx: what move_finish writes */
	/* As read under the lock; its state and its lines' quantities follow what is collected.
	 * part->who may move it. */
	struct sub_order *part;
	bool cancels; /* payments are to be settled and stock released */
};

/* How many of each line; count 0 stands for nothing. */
struct line_quantities {
	size_t count;
	struct line_quantity *items;
};

/* Begins, locks and reads. Ends the task (404) when the actor has no such sub-order. */
struct move move_begin(struct task *task, struct uuid sub_order_id);

/* Takes the sub-order to a state with all that this causes. Ends the task (409) when the table does
 * not allow it. What may be cancelled in part is for move_cancel. */
void move_to(struct move *move, enum sub_order_state to, const char *reason);

/* Ends the task (409) unless the table allows it from its state. */
void move_check(const struct move *move, enum sub_order_state to);

/* A 409 with the transitions that are allowed from here. */
_Noreturn void move_refuse(const struct move *move, const char *detail);

/* The lines of a request's body. Ends the task (400) for one that is not the sub-order's, that
 * comes twice, or of which less is left. */
struct line_quantities move_lines(const struct move *move, size_t count,
                                  const struct line_quantity_input_in *lines);
/* Everything that is neither shipped nor cancelled. */
struct line_quantities move_rest(const struct move *move);

/* Cancels the lines that a request names, or all that is neither shipped nor cancelled (NULL). Then
 * the sub-order is cancelled when nothing is left, shipped when the rest of it is shipped, and
 * stays where it is otherwise. */
void move_cancel(struct move *move, size_t count, const struct line_quantity_input_in *lines,
                 const char *reason);

struct parcel {
	const char *carrier, *tracking_number, *tracking_url; /* may be NULL */
};

/* Sends that much in one shipment. The sub-order is shipped when nothing is left, and partially
 * until then. */
void move_ship(struct move *move, const struct line_quantities *lines, const struct parcel *parcel);

/* One shipment has arrived, or all that are on their way (NULL); 409 when none is. The sub-order is
 * delivered when everything was shipped and has arrived. */
void move_arrive(struct move *move, const struct uuid *shipment_id);

/* Whether that shipment has arrived. Ends the task (404) when the sub-order has none such. */
bool move_has_arrived(struct move *move, struct uuid shipment_id);

/* Writes what was collected and reads it back; only the commit remains, for reply_commit_*. */
struct sub_order *move_finish(struct move *move);

/*
 * For several sub-orders at once, which the caller has locked in order of their ids and whose
 * transition it has found in the table. Collects in db.
 */
void orders_move(struct db *db, struct uuid_array ids, const struct transition *transition,
                 const char *reason);
/* Cancels what of them is not shipped; they stay in the state that they have. */
void orders_cancel_rest(struct db *db, struct uuid_array ids, enum sub_order_state state,
                        const char *reason);
/* Payments and stock, once, after all moves of a transaction that cancelled something. */
void orders_settle(struct db *db, struct uuid_array ids);

#endif
