/*
 * upkeep: what happens to accounts by itself.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_UPKEEP_H
#define SEBEZ_SHOP_ACCOUNTS_UPKEEP_H

#include "task/task.h"

/* A job: removes sessions that are over, refresh tokens that were used long ago, guests' carts that
 * nobody has changed for a month, and invitations that ended a month ago. */
void accounts_purge(struct task *task);

#endif
