/*
 * transitions: the states of a sub-order and all transitions between them, as one table. Any other
 * transition is a 409 that lists the allowed ones.
 */
#ifndef SEBEZ_SHOP_ORDERS_TRANSITIONS_H
#define SEBEZ_SHOP_ORDERS_TRANSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.gen.h"

/* The contract's states, with names short enough for a table. */
enum sub_order_state {
	AWAITING_PAYMENT = SUB_ORDER_STATUS_AWAITING_PAYMENT,
	PLACED = SUB_ORDER_STATUS_PLACED,
	ACCEPTED = SUB_ORDER_STATUS_ACCEPTED,
	PACKED = SUB_ORDER_STATUS_PACKED,
	PART_SHIPPED = SUB_ORDER_STATUS_PARTIALLY_SHIPPED,
	SHIPPED = SUB_ORDER_STATUS_SHIPPED,
	DELIVERED = SUB_ORDER_STATUS_DELIVERED,
	COMPLETED = SUB_ORDER_STATUS_COMPLETED,
	CANCELLED = SUB_ORDER_STATUS_CANCELLED,
	SUB_ORDER_STATE_COUNT = SUB_ORDER_STATUS_COUNT,
};

/* Who may take a transition. */
enum may_move {
	BY_CUSTOMER = 1 << 0,
	BY_FULFILMENT = 1 << 1, /* staff: owner, manager, fulfilment */
	BY_MANAGER = 1 << 2,    /* staff: owner, manager */
	BY_ADMIN = 1 << 3,
	BY_CLOCK = 1 << 4,
	BY_PAYMENT = 1 << 5,  /* payment received */
	BY_SHIPMENT = 1 << 6, /* part of it was shipped */
};

/* Side effect of a transition. */
enum effect {
	NO_EFFECT,
	RELEASE_STOCK, /* returns unshipped units to stock; the whole total counts as cancelled */
	START_ACCEPT_CLOCK,   /* deadline: accept_hours for the vendor to accept */
	PROMISE_SHIPPING,     /* ship_by: handling_days from now; deadline: ship_grace_days later */
	EXTEND_SHIPPING,      /* the rest gets at least ship_grace_days from now */
	SHIP_REST,            /* ships everything unshipped in one shipment; no deadline */
	START_COMPLETE_CLOCK, /* all shipments arrived; deadline: complete_days until completion */
	STOP_CLOCK,
	EFFECT_COUNT,
};

struct transition {
	enum sub_order_state from, to;
	unsigned who;
	enum effect effect;
	bool needs_reason; /* required of staff and admins */
};

const char *sub_order_state_name(enum sub_order_state state);
bool sub_order_state_parse(const char *name, enum sub_order_state *ret);

/* The row for from → to; NULL when there is none or `who` may not take it. */
const struct transition *transition_find(enum sub_order_state from, enum sub_order_state to,
                                         unsigned who);

/* The states that `who` may move to from here; returns their count. */
size_t transitions_allowed(enum sub_order_state from, unsigned who,
                           enum sub_order_state ret[SUB_ORDER_STATE_COUNT]);

#endif
