/*
 * announce: publishes a committed event to all processes: updates the hot window and sends a
 * wake-up through Redis, and updates the hub of this process directly. Private to feed/.
 *
 * A wake-up is "<epoch> <owner> <number> <item>" on one of ANNOUNCE_CHANNELS channels by owner;
 * the item is omitted when it is too long. Delivery is not guaranteed: the sweep finds missed
 * events. Passing events have the number 0 and always an item; they may be lost.
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
