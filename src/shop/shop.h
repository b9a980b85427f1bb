/*
 * shop: the whole marketplace, for the processes and the command line.
 */
#ifndef SEBEZ_SHOP_SHOP_H
#define SEBEZ_SHOP_SHOP_H

#include <stddef.h>

#include "shop/area.h"
#include "task/job.h"

/* Registers the tables of all areas with the layers below. Once per process, before any task. */
void shop_register(void);

/* Start and stop all areas (shop/area.h). 0 or -errno. */
int shop_start(const struct area_options *options) __attribute__((warn_unused_result));
void shop_drain(void);
bool shop_is_busy(void);
void shop_stop(void);

/* The jobs and outbox topics of all areas, numbered from 0; NULL after the last. */
const struct job *shop_job(size_t number);
const struct outbox_topic *shop_topic(size_t number);

/* Functions of the command line, run as tasks: each returns, or ends the task with a problem whose
 * detail is shown at the terminal. */

/* Fills an empty database with the demo marketplace. Refuses one that has vendors. */
void shop_demo_load(struct task *task, struct objects *objects);
/* The demo's accounts of each role, as lines to show. */
const char *shop_demo_accounts(void);

/* Imports a product CSV into a vendor's catalogue, with progress on a terminal; a dry run only
 * reports. */
void shop_import(struct task *task, const char *vendor_slug, const char *path, bool dry_run);

/* Compares the rows of uploads with the objects, and prints what differs (media/media.h). */
void shop_media_verify(struct task *task, struct objects *objects, bool deletes);

/* Makes an admin account, or makes an existing account one. role NULL: superadmin. */
void shop_admin_create(struct task *task, const char *email, const char *role,
                       const char *password);

/* Takes an account's second factor away (accounts/accounts.h). */
void shop_reset_factors(struct task *task, const char *who);

/* Lets admins act from any network (platform/platform.h). */
bool shop_clear_admin_networks(struct task *task);

#endif
