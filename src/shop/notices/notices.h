/*
 * notices: what people are told of events whose app may be closed. docs/NOTIFICATIONS.md has the
 * guarantees.
 *
 * The contract says which events tell whom (x-notice). Nothing else writes notices: a job follows
 * the events of committed transactions and writes each notice once, so that the transactions
 * themselves bear no cost.
 */
#ifndef SEBEZ_SHOP_NOTICES_NOTICES_H
#define SEBEZ_SHOP_NOTICES_NOTICES_H

#include "shop/area.h"
#include "task/task.h"

extern const struct area AREA_NOTICES;

/* Jobs. */
void notices_follow(struct task *task);    /* writes the notices of new events */
void notices_end_waits(struct task *task); /* ends the waits of those about messages */
void notices_purge(struct task *task);     /* deletes those that have expired */

#endif
