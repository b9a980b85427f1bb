/*
 * order_reply: helpers shared by the handlers that read and move orders.
 */
#ifndef SEBEZ_SHOP_ORDERS_ORDER_REPLY_H
#define SEBEZ_SHOP_ORDERS_ORDER_REPLY_H

#include "shop/orders/move.h"
#include "web/page.h"
#include "web/reply.h"

/* Writes the move, commits it, and replies with the resulting sub-order. */
void reply_move(struct request *rq, struct move *move);

/* Reads an order and locks its sub-orders in order of their ids. Ends the task (404) when the actor
 * has no such order. */
struct order *order_lock(struct db *chain, struct uuid order_id);

/* Runs the chain, commits its transaction, and replies with the resulting order. */
void reply_order(struct request *rq, struct db *tx, struct db *chain, struct uuid order_id);

/* Ends the task with a 409 that lists the transitions `who` may take from this state. */
_Noreturn void end_not_allowed(struct task *task, enum sub_order_state from, unsigned who,
                               const char *detail);

/* Normalises the typed prefix of an order number: upper case, ambiguous letters replaced by digits,
 * blanks and dashes removed and the number's own dashes inserted. NULL for NULL. */
const char *number_prefix(struct arena *arena, const char *typed);

#endif
