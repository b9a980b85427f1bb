/*
 * poll_internal: what a parked poll is, for poll.c and catch_up.c only.
 */
#ifndef SEBEZ_SHOP_FEED_POLL_INTERNAL_H
#define SEBEZ_SHOP_FEED_POLL_INTERNAL_H

#include "net/wheel.h"
#include "shop/feed/page.h"
#include "shop/feed/poll.h"

struct poll {
	struct parked parked;
	struct list_node node; /* of its feed's polls; in none once it is answered */
	struct wheel_timer timer;
	struct followed *feed;
	struct uuid account_id, session_id;
	int64_t epoch, after; /* its cursor */
	int64_t parked_ms;
	int64_t ends_ms; /* of a stream */
	/* Of a stream whose client does not take what is there for it: since when, and when it is
	 * tried again; 0: it takes all. */
	int64_t stalled_ms, retry_ms;
	char *body;     /* of the answer, until it is sent */
	uint32_t roles; /* who may poll */
	uint32_t role;  /* who does, as a bit; 0 for a customer */
	int32_t limit;
	bool is_stream;
};

bool poll_is_stalled(const struct poll *poll);              /* it is given nothing for the moment */
void poll_give(struct poll *poll, struct event_page *page); /* as its role may be told */
void poll_end(struct poll *poll, int next_poll_ms);         /* with nothing, where it is */
bool poll_serve(struct poll *poll); /* from the hub; true when somebody must read for it */

#endif
