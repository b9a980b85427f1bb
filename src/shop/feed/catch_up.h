/*
 * catch_up: reads the events that parked polls need and the hub does not have. A few fibers per
 * process work feed by feed, so that many wake-ups do not cause as many statements. Private to
 * feed/.
 */
#ifndef SEBEZ_SHOP_FEED_CATCH_UP_H
#define SEBEZ_SHOP_FEED_CATCH_UP_H

#include "shop/feed/hub.h"

int catch_up_start(void) __attribute__((warn_unused_result));
void catch_up_stop(void);
bool catch_up_is_working(void);
/* Schedules a read for the polls at this feed that are behind. */
void catch_up(struct followed *feed);

#endif
