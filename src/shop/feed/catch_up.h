/*
 * catch_up: reads for parked polls what the hub does not have. A few fibers of the process do it,
 * feed by feed, so that a storm of wake-ups is not a storm of statements. Private to feed/.
 */
#ifndef SEBEZ_SHOP_FEED_CATCH_UP_H
#define SEBEZ_SHOP_FEED_CATCH_UP_H

#include "shop/feed/hub.h"

int catch_up_start(void) __attribute__((warn_unused_result));
void catch_up_stop(void);
bool catch_up_is_working(void);
/* Somebody parked at this feed must be read for. */
void catch_up(struct followed *feed);

#endif
