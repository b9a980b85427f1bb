/*
 * item: an event as the JSON text of one item of a page, and what is read back from that text: its
 * kind, and what follows from it. Processes tell each other items, and Redis keeps them.
 */
#ifndef SEBEZ_SHOP_FEED_ITEM_H
#define SEBEZ_SHOP_FEED_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { ITEM_ROOM = 160 }; /* what item_json writes around a payload, at most */

void item_json(int64_t number, const char *kind, const char *payload, int64_t at_us,
               struct buf *ret);

/* Where the name of its kind begins, and how long it is; NULL when the text has none. */
const char *item_kind(const char *json, size_t length, size_t *ret_length);

/* Whether a reader is told of it: role is the bit of the staff's role, 0 a customer, who is told
 * all. The text has a kind. */
bool item_is_told(const char *json, size_t length, uint32_t role);

/* Of a kind with which earlier events were rewritten (hub.h). */
bool item_rewrites(const char *json, size_t length);

#endif
