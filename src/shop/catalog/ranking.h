/*
 * ranking: ranks products by what was sold in the last 30 days, for the sort order best_selling.
 */
#ifndef SEBEZ_SHOP_CATALOG_RANKING_H
#define SEBEZ_SHOP_CATALOG_RANKING_H

#include "task/task.h"

/* A job: counts what was sold and cancelled since its last run, drops days that no longer count,
 * and updates the listing of the products whose number has changed. */
void catalog_rank_products(struct task *task);

#endif
