#include "shop/orders/transitions.h"

#include <assert.h>
#include <string.h>

/* Names short enough for a table. */
enum {
	BUYER = BY_CUSTOMER,
	STAFF = BY_FULFILMENT | BY_MANAGER,
	MANAGER = BY_MANAGER,
	ADMIN = BY_ADMIN,
	CLOCK = BY_CLOCK,
	PAYMENT = BY_PAYMENT,
	SHIPMENT = BY_SHIPMENT,
};

/* clang-format off */
static const struct transition TRANSITIONS[] = {
    /* from            to            who may take it                  effect               reason */
    {AWAITING_PAYMENT, PLACED,       ADMIN | PAYMENT,                 START_ACCEPT_CLOCK,   false},
    {AWAITING_PAYMENT, CANCELLED,    BUYER | MANAGER | ADMIN | CLOCK, RELEASE_STOCK,        true},
    {PLACED,           ACCEPTED,     STAFF | ADMIN,                   PROMISE_SHIPPING,     false},
    {PLACED,           CANCELLED,    BUYER | MANAGER | ADMIN | CLOCK, RELEASE_STOCK,        true},
    {ACCEPTED,         PACKED,       STAFF | ADMIN,                   NO_EFFECT,            false},
    {ACCEPTED,         PART_SHIPPED, SHIPMENT,                        EXTEND_SHIPPING,      false},
    {ACCEPTED,         SHIPPED,      STAFF | ADMIN,                   SHIP_REST,            false},
    {ACCEPTED,         CANCELLED,    MANAGER | ADMIN | CLOCK,         RELEASE_STOCK,        true},
    {PACKED,           PART_SHIPPED, SHIPMENT,                        EXTEND_SHIPPING,      false},
    {PACKED,           SHIPPED,      STAFF | ADMIN,                   SHIP_REST,            false},
    {PACKED,           CANCELLED,    MANAGER | ADMIN | CLOCK,         RELEASE_STOCK,        true},
    {PART_SHIPPED,     SHIPPED,      STAFF | ADMIN | CLOCK,           SHIP_REST,            false},
    {PART_SHIPPED,     CANCELLED,    MANAGER | ADMIN,                 RELEASE_STOCK,        true},
    {SHIPPED,          DELIVERED,    BUYER | STAFF | ADMIN | CLOCK,   START_COMPLETE_CLOCK, false},
    {DELIVERED,        COMPLETED,    BUYER | ADMIN | CLOCK,           STOP_CLOCK,           false},
};
/* clang-format on */

#define TRANSITION_COUNT (sizeof(TRANSITIONS) / sizeof(TRANSITIONS[0]))

_Static_assert((STAFF & (BUYER | ADMIN | CLOCK | PAYMENT | SHIPMENT)) == 0, "one bit for each");

const char *sub_order_state_name(enum sub_order_state state)
{
	assert(state < SUB_ORDER_STATE_COUNT);
	return SUB_ORDER_STATUS_NAMES[state];
}

bool sub_order_state_parse(const char *name, enum sub_order_state *ret)
{
	for (int state = 0; state < SUB_ORDER_STATE_COUNT; state++) {
		if (strcmp(name, SUB_ORDER_STATUS_NAMES[state]) != 0)
			continue;
		*ret = (enum sub_order_state)state;
		return true;
	}
	return false;
}

const struct transition *transition_find(enum sub_order_state from, enum sub_order_state to,
                                         unsigned who)
{
	assert(from < SUB_ORDER_STATE_COUNT && to < SUB_ORDER_STATE_COUNT);
	for (size_t i = 0; i < TRANSITION_COUNT; i++) {
		const struct transition *row = &TRANSITIONS[i];
		if (row->from == from && row->to == to && (row->who & who))
			return row;
	}
	return NULL;
}

size_t transitions_allowed(enum sub_order_state from, unsigned who,
                           enum sub_order_state ret[SUB_ORDER_STATE_COUNT])
{
	size_t count = 0;

	for (size_t i = 0; i < TRANSITION_COUNT; i++)
		if (TRANSITIONS[i].from == from && (TRANSITIONS[i].who & who))
			ret[count++] = TRANSITIONS[i].to;
	assert(count <= SUB_ORDER_STATE_COUNT);
	return count;
}
