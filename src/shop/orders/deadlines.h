/*
 * deadlines: the clock of orders.
 */
#ifndef SEBEZ_SHOP_ORDERS_DEADLINES_H
#define SEBEZ_SHOP_ORDERS_DEADLINES_H

#include "task/task.h"

/* A job: cancels what was not paid, accepted or shipped in time, completes what was delivered long
 * ago. */
void orders_meet_deadlines(struct task *task);

#endif
