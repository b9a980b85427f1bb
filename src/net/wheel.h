/*
 * wheel: a hashed timing wheel, for very many waiters with coarse deadlines. Adding and removing
 * are a list operation each; a tick looks at one slot. One libuv timer serves all, and it rests
 * while nobody waits.
 *
 * A timer is a member of what waits (24 bytes). It fires at most one tick late, never early. It may
 * be removed or added again from the callback. Nothing is owned.
 */
#ifndef SEBEZ_NET_WHEEL_H
#define SEBEZ_NET_WHEEL_H

#include <stdint.h>

#include "base/list.h"

enum { WHEEL_TICK_MS = 100 };

struct wheel;

struct wheel_timer {
	struct list_node node;
	int64_t due_ms; /* loop clock */
};

struct wheel *wheel_new(void (*fire)(struct wheel_timer *timer));
void wheel_free(struct wheel *wheel); /* nobody may be waiting */

void wheel_timer_init(struct wheel_timer *timer); /* in no wheel */
void wheel_add(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms);
void wheel_remove(struct wheel *wheel, struct wheel_timer *timer); /* harmless when in none */

/* For tests: what the loop's timer does. Fires all that is due at now_ms. */
void wheel_turn(struct wheel *wheel, int64_t now_ms);
unsigned wheel_count(const struct wheel *wheel);

#endif
