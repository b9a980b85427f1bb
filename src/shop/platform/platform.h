/*
 * platform: the marketplace's settings, and the audit log of writes by staff and admins.
 */
#ifndef SEBEZ_SHOP_PLATFORM_PLATFORM_H
#define SEBEZ_SHOP_PLATFORM_PLATFORM_H

#include "task/db.h"

/* Sets the reason (may be NULL) that the audit log records for further writes of db's transaction.
 * Adds to db's batch. */
void platform_audit_reason(struct db *db, const char *reason);

/* Lets admins act from any network again, for somebody who is locked out; false: they could. The
 * audit log tells. Runs as sebez_jobs. May suspend. */
bool platform_clear_admin_networks(struct task *task);

#endif
