/*
 * page: some events of a feed, and their two ways out: one JSON answer, or server-sent events. What
 * the reader's role is not told (x-staff in the contract) goes out as `withheld`, with its number.
 */
#ifndef SEBEZ_SHOP_FEED_PAGE_H
#define SEBEZ_SHOP_FEED_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/uuid.h"

struct event_item {
	int64_t number;
	const char *json; /* one item, as its text */
	size_t length;
};

struct event_page {
	size_t count;
	size_t bytes; /* of the items' texts */
	struct event_item items[LIMIT_PAGE];
	int64_t last; /* where its reader is after it */
	bool resync;
	uint32_t role;       /* of the staff who reads, as a bit; 0: a customer, who is told all */
	const char *passing; /* one item, as its text; or NULL */
	size_t passing_length;
};

/* Takes one more, the next number; false when the page is full: LIMIT_PAGE of them, or, but for the
 * first one, LIMIT_EVENT_PAGE_BYTES of text. */
bool event_page_add(struct event_page *page, struct event_item item);

/* The size that either needs at most, and the writing, which gives the length. */
size_t event_page_room(const struct event_page *page);
size_t event_page_write(const struct event_page *page, int64_t epoch, struct uuid owner,
                        int next_poll_ms, char *ret);
/* The events of the page; what passes has a way of its own. */
size_t event_page_write_stream(const struct event_page *page, int64_t epoch, struct uuid owner,
                               char *ret);
size_t event_passing_write_stream(const struct event_page *page, char *ret);

#endif
