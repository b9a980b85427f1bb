/*
 * feed: tells a customer or a vendor that something happened. docs/REALTIME.md has the guarantees.
 *
 * An area declares its kind of event in the contract (a schema with x-event) and writes it in the
 * transaction of its effect with one call, which the contract's generator makes (feed.gen.h):
 *
 *   feed_write_low_stock(batch, vendor_id, &(struct event_low_stock){.product_id = …});
 *
 * db is a batch, a transaction, or a chain of one. The statement that writes goes last, with the
 * commit, so the call may stand anywhere before it; after the commit everybody who waits is woken.
 * SQL that knows what the C around it does not calls feed_note(event_low_stock(owners, …)) instead,
 * and the C says feed_notify(db).
 *
 * feed_pass_<kind>() tells whoever waits at the feed at this moment, in whichever process; it is
 * kept nowhere, and lost when Redis is not there. Good for what is over in seconds.
 */
#ifndef SEBEZ_SHOP_FEED_FEED_H
#define SEBEZ_SHOP_FEED_FEED_H

#include <stdbool.h>

#include "feed.gen.h"
#include "shop/area.h"
#include "task/db.h"

extern const struct area AREA_FEED;

/* Statements of this transaction have noted events: they are written, too. */
void feed_notify(struct db *db);

/* The cursor behind that event of the owner's feed: polling on from it gives what came later. */
const char *feed_cursor(struct arena *arena, struct uuid owner, int64_t epoch, int64_t number);

/* Who serves follows what other processes announce on Redis, and sweeps the database for what was
 * not announced; others only announce. shop/area.h says when these are called. */
int feed_start(const struct area_options *options) __attribute__((warn_unused_result));
void feed_drain(void); /* answers everybody who is parked, and parks nobody any more */
bool feed_is_busy(void);
void feed_stop(void);

/* Polls that wait in this process. */
unsigned feed_parked(void);

/* A job: forgets events and revocations that are older than the retention. */
void feed_purge(struct task *task);

#endif
