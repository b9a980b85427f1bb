/*
 * read: reads a feed's events from the hub, the hot window in Redis, or the database. Private to
 * feed/.
 */
#ifndef SEBEZ_SHOP_FEED_READ_H
#define SEBEZ_SHOP_FEED_READ_H

#include "base/buf.h"
#include "shop/feed/cursor.h"
#include "shop/feed/hub.h"
#include "shop/feed/page.h"
#include "task/task.h"

struct redis;

/* Grants expire after this time, the lifetime of an access token. */
enum { GRANT_MS = 15 * 60 * 1000 };

void read_start(struct redis *redis);

/* The Redis key of the hot window. */
void window_key(int64_t epoch, struct uuid owner, char ret[80]);

/* Reads from the hub only; false when it does not have the events. The texts belong to the hub and
 * are valid until the caller suspends. */
bool read_hub(const struct followed *feed, int64_t after, size_t limit, struct event_page *ret);

/*
 * Reads the events after the cursor (NULL: only the position) for the task's actor. The database
 * checks the permission, unless the hub has a recent grant. Ends the task when not permitted.
 * Suspends.
 */
struct event_page *read_events(struct task *task, struct followed *feed,
                               const struct cursor *cursor, size_t limit);

/* Set once the sweep runs: only from then on does a read make a feed known. */
void read_trust(bool trust);

/* Callbacks for findings of a read that concern other polls; either may be NULL. */
struct read_hooks {
	void (*epoch_changed)(void);         /* the database has another epoch */
	void (*news)(struct followed *feed); /* it has events not heard before */
};
void read_hook(struct read_hooks hooks);

#endif
