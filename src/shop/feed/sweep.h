/*
 * sweep: twice a second, this process asks the database which feeds have events, and who lost a
 * permission, since it asked last. So nothing depends on a wake-up that arrives. What "since" means
 * is a snapshot of the database, not a clock: every transaction that the last sweep could not see
 * is in the next one. Private to feed/.
 */
#ifndef SEBEZ_SHOP_FEED_SWEEP_H
#define SEBEZ_SHOP_FEED_SWEEP_H

#include <stdbool.h>

int sweep_start(void) __attribute__((warn_unused_result));
void sweep_stop(void); /* no further one begins */
bool sweep_is_running(void);

#endif
