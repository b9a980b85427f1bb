/* moves: from state to state, by the table campaign_moves() of functions.sql. */
#ifndef SEBEZ_SHOP_CAMPAIGNS_MOVES_H
#define SEBEZ_SHOP_CAMPAIGNS_MOVES_H

#include "api.gen.h"
#include "task/db.h"

/* Locks a campaign until the commit and returns its version. Ends the task when there is none
 * (404), or the caller may not move it there now (409). vendor_id: of the staff; NULL: an admin. */
int32_t campaign_lock_for(struct db *tx, const struct uuid *vendor_id, struct uuid id,
                          enum campaign_status_choice to);

#endif
