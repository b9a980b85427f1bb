/*
 * upkeep: scheduled jobs of accounts.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_UPKEEP_H
#define SEBEZ_SHOP_ACCOUNTS_UPKEEP_H

#include "task/task.h"

/* A job: removes ended sessions, refresh tokens used long ago, guests' carts unchanged for a month,
 * and invitations that ended a month ago. */
void accounts_purge(struct task *task);

#endif
