/*
 * shop: what the command line asks of the marketplace. Each is a task of its own kind: it returns,
 * or ends the task with a problem whose detail is for the person at the terminal.
 */
#ifndef SEBEZ_SHOP_SHOP_H
#define SEBEZ_SHOP_SHOP_H

#include "task/task.h"

/* Fills an empty database with the demo marketplace. Refuses one that has vendors. */
void shop_demo_load(struct task *task);
/* The demo's accounts of each role, as lines to show. */
const char *shop_demo_accounts(void);

/* Imports a product CSV into a vendor's catalogue, with progress on a terminal; a dry run only says
 * what would be. */
void shop_import(struct task *task, const char *vendor_slug, const char *path, bool dry_run);

/* Makes an admin account, or makes an existing account one. role NULL: superadmin. */
void shop_admin_create(struct task *task, const char *email, const char *role,
                       const char *password);

#endif
