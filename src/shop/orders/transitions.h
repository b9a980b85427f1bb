/*
 * transitions: the states of a sub-order and every way from one to another, as one table. What is
 * not in the table is a 409 that names what is allowed.
 */
#ifndef SEBEZ_SHOP_ORDERS_TRANSITIONS_H
#define SEBEZ_SHOP_ORDERS_TRANSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.gen.h"

/* Those of the contract, by names short enough for a table. */
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
	BY_PAYMENT = 1 << 5,  /* the money arrived */
	BY_SHIPMENT = 1 << 6, /* a part of it was sent */
};

/* What it causes beside the change of state. */
enum effect {
	NO_EFFECT,
	RELEASE_STOCK,      /* what is left goes back, the whole total counts as cancelled */
	START_ACCEPT_CLOCK, /* the vendor has accept_hours to accept */
	PROMISE_SHIPPING,   /* ship_by is handling_days from now; the clock waits some days more */
	EXTEND_SHIPPING,    /* what is left has its time anew */
	SHIP_REST,          /* a shipment of everything that is not shipped yet; no clock runs */
	START_COMPLETE_CLOCK, /* all shipments have arrived; it completes after complete_days */
	STOP_CLOCK,
	EFFECT_COUNT,
};

struct transition {
	enum sub_order_state from, to;
	unsigned who;
	enum effect effect;
	bool needs_reason; /* of staff and admins */
};

const char *sub_order_state_name(enum sub_order_state state);
bool sub_order_state_parse(const char *name, enum sub_order_state *ret);

/* The row for from → to, NULL when there is none, or none that `who` may take. */
const struct transition *transition_find(enum sub_order_state from, enum sub_order_state to,
                                         unsigned who);

/* The states that `who` may move to from here; returns their count. */
size_t transitions_allowed(enum sub_order_state from, unsigned who,
                           enum sub_order_state ret[SUB_ORDER_STATE_COUNT]);

#endif
