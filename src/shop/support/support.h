/*
 * support: an admin sees what a customer or the staff of a vendor see, to help them: for half an
 * hour, with a reason, and without being able to write. docs/ACCOUNTS.md, "Support view".
 */
#ifndef SEBEZ_SHOP_SUPPORT_SUPPORT_H
#define SEBEZ_SHOP_SUPPORT_SUPPORT_H

#include "shop/area.h"
#include "task/task.h"

extern const struct area AREA_SUPPORT;

/* The job that forgets old views. */
void support_purge(struct task *task);

#endif
