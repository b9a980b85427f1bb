/*
 * announce: tells every process of an event that has committed: the hot window and a wake-up in
 * Redis, and the hub of this process at once. Private to feed/.
 *
 * A wake-up is "<epoch> <owner> <number> <item>" on one of ANNOUNCE_CHANNELS channels by owner;
 * the item is left out when it is long. Nothing depends on its arrival: the sweep finds what was
 * not heard. What is told in passing has the number 0 and always its item; it may get lost.
 */
#ifndef SEBEZ_SHOP_FEED_ANNOUNCE_H
#define SEBEZ_SHOP_FEED_ANNOUNCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "store/redis.h"

enum { ANNOUNCE_CHANNELS = 16 };

int announce_start(struct redis *redis, const char *redis_url, bool listens)
    __attribute__((warn_unused_result));
void announce_stop(void);
void announce(int64_t epoch, struct uuid owner, int64_t number, const char *json, size_t length);
/* json is dropped when it is longer than LIMIT_EVENT_BYTES. */
void announce_passing(struct uuid owner, const char *json, size_t length);

/* For tests and fuzzing: false on anything but a wake-up. The item may be empty. */
struct wake_up {
	int64_t epoch;
	struct uuid owner;
	int64_t number;
	const char *json; /* in the message; NULL: none */
	size_t length;
};
bool wake_up_parse(const char *bytes, size_t length, struct wake_up *ret)
    __attribute__((warn_unused_result));

#endif
