/*
 * shop: what the command line asks of the marketplace. Each is a task of its own kind: it returns,
 * or ends the task with a problem whose detail is for the person at the terminal.
 */
#ifndef SEBEZ_SHOP_SHOP_H
#define SEBEZ_SHOP_SHOP_H

#include "task/task.h"

/* Makes an admin account (role superadmin), or makes an existing account one. */
void shop_admin_create(struct task *task, const char *email, const char *password);

#endif
