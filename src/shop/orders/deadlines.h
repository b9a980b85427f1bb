/*
 * deadlines: automatic transitions of sub-orders at their deadlines.
 */
#ifndef SEBEZ_SHOP_ORDERS_DEADLINES_H
#define SEBEZ_SHOP_ORDERS_DEADLINES_H

#include "task/task.h"

/* Job: cancels sub-orders not paid, accepted or shipped in time; completes delivered ones when
 * complete_days have passed. */
void orders_meet_deadlines(struct task *task);

#endif
