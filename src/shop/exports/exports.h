/*
 * exports: a copy of what Sebez has of a person, as a ZIP file that a job makes and that is kept
 * for a week. docs/ACCOUNTS.md, "A copy of one's data".
 */
#ifndef SEBEZ_SHOP_EXPORTS_EXPORTS_H
#define SEBEZ_SHOP_EXPORTS_EXPORTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "shop/area.h"
#include "task/db.h"
#include "task/task.h"

extern const struct area AREA_EXPORTS;

struct objects *exports_store(void); /* of this process */
/* Where the file of an account is: one, which the next one replaces. */
const char *export_key(struct arena *arena, struct uuid account_id);
/* Whether it is the key of a file whose row is there. */
bool export_is_known(struct db *db, const char *key);

/* Jobs: one makes a file that was asked for, one removes those that have expired. */
void exports_make(struct task *task);
void exports_expire(struct task *task);

#endif
