/*
 * feed: notifies customers and vendors of events. docs/REALTIME.md has the guarantees.
 *
 * An area declares a kind of event in the contract (a schema with x-event) and writes it in the
 * transaction that causes it, with one call of a generated function (feed.gen.h):
 *
 *   feed_write_low_stock(batch, vendor_id, &(struct event_low_stock){.product_id = …});
 *
 * db is a batch, a transaction, or a chain of one. The writing statement runs last, with the
 * commit, so the call may be anywhere before it; after the commit all waiting polls are woken.
 * Where only SQL knows the event, it calls feed_add_events(event_low_stock(owners, …)) instead, and
 * C calls feed_notify(db).
 *
 * feed_pass_<kind>() sends a passing event to the polls waiting at the feed now, in any process. It
 * is not stored, and is lost when Redis is unavailable. For state that expires in seconds.
 */
#ifndef SEBEZ_SHOP_FEED_FEED_H
#define SEBEZ_SHOP_FEED_FEED_H

#include <stdbool.h>

#include "feed.gen.h"
#include "shop/area.h"
#include "task/db.h"

extern const struct area AREA_FEED;

/* Call when statements of this transaction add events: they are written at commit, too. */
void feed_notify(struct db *db);

/* Takes back the events that C has written to this transaction so far, as lines for the SQL
 * function feed_add_events(): for a statement that decides which of them happen. In the task's
 * arena. */
const char *feed_take_lines(struct db *db);

/* The cursor after an event of the owner's feed: polling from it returns later events. */
const char *feed_cursor(struct arena *arena, struct uuid owner, int64_t epoch, int64_t number);

/* Serving processes follow the announcements of other processes on Redis, and sweep the database
 * for events that were not announced; others only announce. shop/area.h says when these are called.
 */
int feed_start(const struct area_options *options) __attribute__((warn_unused_result));
void feed_drain(void); /* answers all parked polls and parks no more */
bool feed_is_busy(void);
void feed_stop(void);

/* The number of polls parked in this process. */
unsigned feed_parked(void);

/* The followers of events that areas have (shop/area.h), numbered from 0; NULL after the last. In a
 * jobs process: the age of the oldest event that it has not read, as feed_measure() found it. */
const char *feed_follower(size_t number);
uint64_t feed_follower_behind_s(size_t number);

/* Jobs. */
void feed_measure(struct task *task);   /* for feed_follower_behind_s */
void feed_purge(struct task *task);     /* deletes revocations older than the retention */
void feed_partition(struct task *task); /* creates and drops partitions (db/partitions.sql) */

#endif
