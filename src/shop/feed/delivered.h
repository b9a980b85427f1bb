/*
 * delivered: the cursor that a device comes back with acknowledges what is before it. Chat is told,
 * for all feeds together and once a second at most.
 */
#ifndef SEBEZ_SHOP_FEED_DELIVERED_H
#define SEBEZ_SHOP_FEED_DELIVERED_H

void delivered_tell(void); /* may suspend */

#endif
