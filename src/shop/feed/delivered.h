/*
 * delivered: the cursor that a device comes back with acknowledges what is before it. Chat is told,
 * for all feeds together, once a second and in even steps: a step holds the feeds and conversations
 * that it is about, and whoever sends to one of them waits for it. Private to feed/.
 */
#ifndef SEBEZ_SHOP_FEED_DELIVERED_H
#define SEBEZ_SHOP_FEED_DELIVERED_H

#include <stdbool.h>

int delivered_start(void) __attribute__((warn_unused_result));
void delivered_stop(void); /* no further step begins */
bool delivered_is_running(void);

#endif
