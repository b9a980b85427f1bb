/*
 * item: an event as the JSON text of one item of a page, and functions that read its kind and the
 * properties of the kind from the text. Processes send each other items, and Redis stores them.
 */
#ifndef SEBEZ_SHOP_FEED_ITEM_H
#define SEBEZ_SHOP_FEED_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { ITEM_ROOM = 160 }; /* maximum size that item_json adds to a payload */

void item_json(int64_t number, const char *kind, const char *payload, int64_t at_us,
               struct buf *ret);

/* The name of the kind within the text, and its length; NULL when the text has none. */
const char *item_kind(const char *json, size_t length, size_t *ret_length);

/* Whether a reader receives the event: role is the bit of the staff role, or 0 for a customer, who
 * receives everything. The text must have a kind. */
bool item_is_received(const char *json, size_t length, uint32_t role);

/* Whether events of this kind rewrite earlier events (hub.h). */
/* Whether it may be a message whose delivery to this side is shown to the other one. */
bool item_wants_receipt(const char *json, size_t length, bool to_vendor);

bool item_rewrites(const char *json, size_t length);

#endif
