/*
 * hub: the in-memory state of the feeds polled in this process: last number, latest events,
 * sessions that may read, parked polls. Data only: no function suspends or sends.
 *
 * A feed is *known* when `last` is its last number as far as any commit was announced or swept. A
 * newly followed feed is unknown until a read of the database returns (hub_learn). Numbers heard
 * meanwhile count, so a commit between that read and its result is not lost.
 *
 * Kept events are the latest LIMIT_FOLLOWED_EVENTS as JSON texts of items, without a gap and up to
 * `heard`, or none at all. An edit or deletion rewrites all earlier events about its subject in the
 * database, in the transaction of the event that announces it. So such an event, or one whose text
 * is unknown, drops all kept events, and polls that are behind read the database. A text that
 * arrives after a higher number is ignored.
 */
#ifndef SEBEZ_SHOP_FEED_HUB_H
#define SEBEZ_SHOP_FEED_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/uuid.h"

struct event_text {
	int64_t number;
	size_t length;
	char json[];
};

/* A session that may read this feed, according to the database. */
struct grant {
	struct grant *next;
	struct uuid session_id;
	struct uuid account_id;
	int64_t asked_ms; /* time of the query: revocations seen since then apply */
	uint32_t role;    /* bit of the staff role; 0: a customer, who receives everything */
	int64_t passed;   /* highest number that its device has acknowledged */
	int64_t reported; /* highest number reported to chat */
};

struct followed {
	struct followed *next; /* in its bucket */
	struct uuid id;
	int64_t last;  /* last number, when known */
	int64_t heard; /* highest number heard, known or not */
	bool known;
	bool of_vendor;
	unsigned pins; /* suspended tasks that still use it */
	unsigned event_count;
	struct event_text **events; /* NULL until the first event; oldest first */
	struct grant *grants;
	struct list_node polls; /* parked here */
	unsigned poll_count;
	struct list_node behind; /* in the list of feeds to catch up, or in none */
	bool is_served;          /* a catch_up fiber is reading for its polls */
	int64_t used_ms;
	int64_t passed;   /* highest number acknowledged by a device */
	int64_t asks;     /* the latest number that may be a message of the other side */
	int64_t reported; /* highest number reported to chat */
};

void hub_start(void);
void hub_stop(void); /* requires that no poll is parked */

int64_t hub_epoch(void); /* 0: not known yet */
/* A changed epoch makes every feed unknown. Returns true then. */
bool hub_set_epoch(int64_t epoch);

struct followed *hub_find(struct uuid id); /* NULL: not followed */
/* Follows the feed. NULL when too many are followed. */
struct followed *hub_fetch(struct uuid id, bool of_vendor, int64_t now_ms);
unsigned hub_count(void);
void hub_each(void (*each)(struct followed *feed, void *arg), void *arg);
/* Stops following feeds that were not used since then. */
void hub_forget_idle(int64_t since_ms);

/* Records that the database returned `last` as the last number, for a query sent when the highest
 * number heard was `heard`. Returns true when it is new. */
bool hub_learn(struct followed *feed, int64_t last, int64_t heard);
/* Records an announced event; json NULL: only its number is known. Returns true when it is new. */
bool hub_hear(struct followed *feed, int64_t number, const char *json, size_t length);

/* Keeps an event read from the database. Requires that no number higher than the last of that read
 * was heard, and that no event was kept before the read's first; call in order. */
void hub_refill(struct followed *feed, int64_t number, const char *json, size_t length);

enum hub_view {
	HUB_UNKNOWN,   /* read the database */
	HUB_NOTHING,   /* `after` is the last number */
	HUB_HERE,      /* later events are kept, from feed->events[*ret_first] on */
	HUB_ELSEWHERE, /* later events exist, but are not kept here */
	HUB_BEYOND,    /* `after` was not heard here: this process lags, or it never existed */
};
enum hub_view hub_look(const struct followed *feed, int64_t after, unsigned *ret_first);

bool hub_granted(const struct followed *feed, struct uuid session_id, int64_t since_ms);
void hub_grant(struct followed *feed, struct uuid session_id, struct uuid account_id, uint32_t role,
               int64_t asked_ms);
uint32_t hub_role(const struct followed *feed, struct uuid session_id); /* of a grant */

/* A lost permission; nil ids mean any. Does not apply to grants queried after seen_ms. */
struct revocation {
	struct uuid account_id, session_id, vendor_id;
	int64_t seen_ms;
};
/* True when the revocation applies to a permission that was queried at asked_ms. */
bool hub_is_revoked(const struct followed *feed, struct uuid account_id, struct uuid session_id,
                    int64_t asked_ms, const struct revocation *revocation);
/* Removes the grants that a revocation covers, also those whose query is still running. */
void hub_revoke(const struct revocation *revocation);

#endif
