/*
 * order_reply: what the handlers that read and move orders share.
 */
#ifndef SEBEZ_SHOP_ORDERS_ORDER_REPLY_H
#define SEBEZ_SHOP_ORDERS_ORDER_REPLY_H

#include "shop/orders/move.h"
#include "web/page.h"
#include "web/reply.h"

/* Writes the move, commits it, and answers the sub-order as it is then. */
void reply_move(struct request *rq, struct move *move);

/* An order with all its sub-orders locked, in order of their ids. 404 when the actor has none. */
struct order *order_lock(struct db *chain, struct uuid order_id);

/* Runs the chain, commits its transaction, and answers the order as it is then. */
void reply_order(struct request *rq, struct db *tx, struct db *chain, struct uuid order_id);

/* A 409 with what `who` may do from this state. */
_Noreturn void end_not_allowed(struct task *task, enum sub_order_state from, unsigned who,
                               const char *detail);

/* A page of a list that is sorted by when orders were placed, newest first, of those before that
 * moment (NULL: of all). */
struct page page_of_orders(struct request *rq, const char *cursor, int32_t limit,
                           const int64_t *created_before);

/* The beginning of a number as people type it: in capitals, without letters that are easily
 * mistaken, and with its dashes, wherever blanks and dashes were; NULL for NULL. */
const char *number_prefix(struct arena *arena, const char *typed);

#endif
