/*
 * cursor: a position in a feed: epoch of the database, owner of the feed, number of the last event
 * seen. Opaque to clients: base64url of {version, epoch, number, hash of the owner}. It grants no
 * access: the feed read is that of the caller or of its vendor.
 */
#ifndef SEBEZ_SHOP_FEED_CURSOR_H
#define SEBEZ_SHOP_FEED_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/codec.h"
#include "base/uuid.h"

enum { CURSOR_BYTES = 21, CURSOR_LENGTH = 28 };

struct cursor {
	int64_t epoch;
	int64_t number;
};

void cursor_encode(struct cursor cursor, struct uuid owner, char ret[CURSOR_LENGTH + 1]);
/* False on anything but a cursor of this owner's feed. */
bool cursor_decode(const char *text, struct uuid owner, struct cursor *ret)
    __attribute__((warn_unused_result));

#endif
