/*
 * poll_internal: the struct of a parked poll, for poll.c and catch_up.c only.
 */
#ifndef SEBEZ_SHOP_FEED_POLL_INTERNAL_H
#define SEBEZ_SHOP_FEED_POLL_INTERNAL_H

#include "net/wheel.h"
#include "shop/feed/page.h"
#include "shop/feed/poll.h"

struct poll {
	struct parked parked;
	struct list_node node; /* in its feed's polls; in no list once answered */
	struct wheel_timer timer;
	struct followed *feed;
	struct uuid account_id, session_id;
	int64_t epoch, after; /* cursor */
	int64_t parked_ms;
	int64_t ends_ms; /* streams only: end of the stream */
	/* Of a stream whose client reads too slowly: stalled since, next retry; 0: not stalled. */
	int64_t stalled_ms, retry_ms;
	char *body;     /* of the response, until it is sent */
	uint32_t roles; /* roles that may poll */
	uint32_t role;  /* bit of the reader's role; 0: a customer */
	int32_t limit;
	bool is_stream;
};

bool poll_is_stalled(const struct poll *poll);              /* waits for its next retry */
void poll_give(struct poll *poll, struct event_page *page); /* filtered by its role */
void poll_end(struct poll *poll, int next_poll_ms);         /* without events, cursor unchanged */
bool poll_serve(struct poll *poll); /* from the hub; true when it needs a database read */

#endif
