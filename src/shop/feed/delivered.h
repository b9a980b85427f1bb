/*
 * delivered: a device's cursor acknowledges the events before it. Chat is notified for all feeds
 * once a second, in evenly spread steps: each step locks its feeds and conversations, and senders
 * to them wait for it. Private to feed/.
 */
#ifndef SEBEZ_SHOP_FEED_DELIVERED_H
#define SEBEZ_SHOP_FEED_DELIVERED_H

#include <stdbool.h>

int delivered_start(void) __attribute__((warn_unused_result));
void delivered_stop(void); /* starts no further step */
bool delivered_is_running(void);

#endif
