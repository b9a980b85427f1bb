/*
 * campaigns: what many people are told at once, by the marketplace or by a vendor its followers.
 * docs/NOTIFICATIONS.md, "Campaigns".
 *
 * Whom a campaign tells gets a notice without an event (shop/notices); a job writes them, some
 * hundreds in a transaction, and notes there how far it came.
 */
#ifndef SEBEZ_SHOP_CAMPAIGNS_CAMPAIGNS_H
#define SEBEZ_SHOP_CAMPAIGNS_CAMPAIGNS_H

#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_CAMPAIGNS;

/* What became of notices, of which some may be of campaigns. Add a statement to db's batch, or run
 * it. */
void campaigns_delivered(struct db *db, struct uuid_array notices); /* as the jobs role */
void campaigns_opened(struct db *db, struct uuid account, struct uuid_array notices);
void campaigns_opened_up_to(struct db *db, struct uuid account, struct uuid notice);
void campaigns_clicked(struct db *db, struct uuid account, struct uuid notice);

/* Jobs. */
void campaigns_send(struct task *task);
void campaigns_purge(struct task *task); /* forgets who was told long ago */

#endif
