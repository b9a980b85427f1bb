/*
 * hub: what this process knows of the feeds that it follows, those of whoever polls here: the last
 * number, the latest events, which sessions may read, and who is parked. Data only: nothing here
 * waits or sends.
 *
 * A feed is *known* when `last` is its last number as far as any commit was announced or swept. One
 * that was just taken is not, until a read of the database has told (hub_learn); what is heard
 * meanwhile counts, so a commit between that read and its answer is not lost.
 *
 * Events are kept as the JSON text of one item, the latest LIMIT_FOLLOWED_EVENTS, without a gap and
 * up to `heard`, or not at all. What somebody takes back is rewritten in the database, in all
 * events that told of it, by the transaction of an event that says so. So with that event, and with
 * one whose text is not known, everything that is kept goes, and whoever is behind reads the
 * database; a text that comes later than a higher number is not taken.
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

/* A session that the database has let read this feed. */
struct grant {
	struct grant *next;
	struct uuid session_id;
	struct uuid account_id;
	int64_t asked_ms; /* when the database was asked: what was revoked later counts */
	uint32_t role;    /* bit of the staff role; 0: a customer, who is told everything */
};

struct followed {
	struct followed *next; /* in its bucket */
	struct uuid id;
	int64_t last;  /* last number, when known */
	int64_t heard; /* highest number heard of, known or not */
	bool known;
	bool of_vendor;
	unsigned pins; /* whoever waits and comes back to it */
	unsigned event_count;
	struct event_text **events; /* NULL until there is one; oldest first */
	struct grant *grants;
	struct list_node polls; /* parked here */
	unsigned poll_count;
	struct list_node behind; /* in the list of those that must be read, or in none */
	bool helped;             /* somebody reads for those who are behind, until none is */
	int64_t used_ms;
	int64_t passed; /* the highest number that a device has come back with */
	int64_t told;   /* of it, what chat knows */
};

void hub_start(void);
void hub_stop(void); /* nobody may be parked */

int64_t hub_epoch(void); /* 0 while nothing is known */
/* A new one makes every feed unknown. Returns true then. */
bool hub_set_epoch(int64_t epoch);

struct followed *hub_find(struct uuid id); /* NULL when it is not followed */
/* Follows it. NULL when too many are followed. */
struct followed *hub_fetch(struct uuid id, bool of_vendor, int64_t now_ms);
unsigned hub_count(void);
void hub_each(void (*each)(struct followed *feed, void *arg), void *arg);
/* Stops following whom nobody has asked for since. */
void hub_forget_idle(int64_t since_ms);

/* The database was asked when `heard` was heard of, and said that `last` is the last number.
 * Returns true when that is news. */
bool hub_learn(struct followed *feed, int64_t last, int64_t heard);
/* Somebody said that there is an event; json NULL: only its number. Returns true when it is news.
 */
bool hub_hear(struct followed *feed, int64_t number, const char *json, size_t length);

/* An event that was read when no higher number than the last one of that read was heard of; they
 * come in order, when nothing is kept. */
void hub_refill(struct followed *feed, int64_t number, const char *json, size_t length);

enum hub_view {
	HUB_UNKNOWN,   /* ask the database */
	HUB_NOTHING,   /* `after` is the last */
	HUB_HERE,      /* events follow, the first is ret_first of feed->events */
	HUB_ELSEWHERE, /* events follow, but they are not kept here */
	HUB_BEYOND,    /* not heard of here: another process was faster, or it never was */
};
enum hub_view hub_look(const struct followed *feed, int64_t after, unsigned *ret_first);

bool hub_granted(const struct followed *feed, struct uuid session_id, int64_t since_ms);
void hub_grant(struct followed *feed, struct uuid session_id, struct uuid account_id, uint32_t role,
               int64_t asked_ms);
uint32_t hub_role(const struct followed *feed, struct uuid session_id); /* of a grant */

/* Who lost what; nil ids mean any. Seen at seen_ms: who was asked for later has it back. */
struct revocation {
	struct uuid account_id, session_id, vendor_id;
	int64_t seen_ms;
};
/* True when it takes back what the database allowed at asked_ms. */
bool hub_is_revoked(const struct followed *feed, struct uuid account_id, struct uuid session_id,
                    int64_t asked_ms, const struct revocation *revocation);
/* Takes back the grants that a revocation names, also those whose answer is still under way. */
void hub_revoke(const struct revocation *revocation);

#endif
