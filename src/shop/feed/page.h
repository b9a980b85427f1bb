/*
 * page: some events of a feed, written as a JSON response or as server-sent events. Events that the
 * reader's role may not receive (x-staff in the contract) are written as `withheld`, with their
 * number.
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
	const char *json; /* text of one item */
	size_t length;
};

struct event_page {
	size_t count;
	size_t bytes; /* total length of the items' texts */
	struct event_item items[LIMIT_PAGE];
	int64_t last; /* the reader's position after this page */
	bool resync;
	uint32_t role;       /* bit of the reader's staff role; 0: a customer, who receives all */
	const char *passing; /* text of one item, or NULL */
	size_t passing_length;
};

/* Adds the next event. False when the page is full: LIMIT_PAGE events, or LIMIT_EVENT_PAGE_BYTES of
 * text, except for the first event. */
bool event_page_add(struct event_page *page, struct event_item item);

/* The maximum size of either format, and the write function, which returns the length. */
size_t event_page_room(const struct event_page *page);
size_t event_page_write(const struct event_page *page, int64_t epoch, struct uuid owner,
                        int next_poll_ms, char *ret);
/* Writes the events of the page; passing events: event_passing_write_stream. */
size_t event_page_write_stream(const struct event_page *page, int64_t epoch, struct uuid owner,
                               char *ret);
size_t event_passing_write_stream(const struct event_page *page, char *ret);

#endif
