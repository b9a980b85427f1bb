/*
 * read: a feed's events from where they are kept: the hub's latest, the hot window in Redis, the
 * database. Private to feed/.
 */
#ifndef SEBEZ_SHOP_FEED_READ_H
#define SEBEZ_SHOP_FEED_READ_H

#include "base/buf.h"
#include "shop/feed/cursor.h"
#include "shop/feed/hub.h"
#include "shop/feed/page.h"
#include "task/task.h"

struct redis;

/* Grants are asked for anew after so long: the life of an access token. */
enum { GRANT_MS = 15 * 60 * 1000 };

void read_start(struct redis *redis);

/* The key of the hot window. */
void window_key(int64_t epoch, struct uuid owner, char ret[80]);

/* From the hub alone: false when it does not have them. Its texts are the hub's: they are good
 * until the next wait. */
bool read_hub(const struct followed *feed, int64_t after, size_t limit, struct event_page *ret);

/*
 * What follows the cursor (NULL: only the position), for the task's actor, whom the database checks
 * unless the hub has done so lately. Ends the task when it may not. Suspends.
 */
struct event_page *read_events(struct task *task, struct followed *feed,
                               const struct cursor *cursor, size_t limit);

/* Set once the sweep runs: from then on what is read stays known. */
void read_trust(bool trust);

/* What a read finds out for others than its reader; either may be NULL. */
struct read_hooks {
	void (*epoch_changed)(void);         /* the database is another one */
	void (*news)(struct followed *feed); /* more is in it than was heard of */
};
void read_hook(struct read_hooks hooks);

#endif
