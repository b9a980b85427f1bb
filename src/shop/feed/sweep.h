/*
 * sweep: queries the database twice a second for feeds with new events and for revoked permissions,
 * so that nothing depends on the delivery of wake-ups. "New" is defined by a database snapshot, not
 * by a clock: each sweep covers every transaction that the last one could not see. Private to
 * feed/.
 */
#ifndef SEBEZ_SHOP_FEED_SWEEP_H
#define SEBEZ_SHOP_FEED_SWEEP_H

#include <stdbool.h>

int sweep_start(void) __attribute__((warn_unused_result));
void sweep_stop(void); /* starts no further sweep */
bool sweep_is_running(void);

#endif
