/*
 * wheel: a hashed timing wheel, for very many timers with coarse deadlines. Adding and removing are
 * a list operation each; a tick processes one slot. One libuv timer serves all, and is stopped
 * while the wheel is empty.
 *
 * A timer is embedded in its owner (24 bytes). It fires at most one tick late, never early. It may
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
void wheel_free(struct wheel *wheel); /* must be empty */

void wheel_timer_init(struct wheel_timer *timer); /* in no wheel */
void wheel_add(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms);
void wheel_remove(struct wheel *wheel, struct wheel_timer *timer); /* no-op when it is in none */

/* For tests: what the libuv timer does. Fires all timers due at now_ms. */
void wheel_turn(struct wheel *wheel, int64_t now_ms);
unsigned wheel_count(const struct wheel *wheel);

#endif
