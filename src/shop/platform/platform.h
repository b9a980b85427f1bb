/*
 * platform: the marketplace itself: its settings, and the audit log of what staff and admins write.
 */
#ifndef SEBEZ_SHOP_PLATFORM_PLATFORM_H
#define SEBEZ_SHOP_PLATFORM_PLATFORM_H

#include "task/db.h"

/* The audit log notes this reason, which may be NULL, with what the transaction of `db` writes from
 * here on. Collects in db. */
void platform_audit_reason(struct db *db, const char *reason);

#endif
